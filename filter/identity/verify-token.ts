import { equal } from "proxy-wasm-as/bytes";
import { decodeBase64Url } from "../encoding/base64";
import { Environment } from "../environment";
import { CompiledPolicy } from "../policy/compiled-policy";
import { Issuer } from "../policy/issuer";
import { Claims, ISS, SUB, unverifiedClaim } from "./claims";
import { splitCompactJws } from "./compact-jws";
import { Inquiry } from "./inquiry";
import { JoseHeader } from "./jose-header";
import { verifySignature } from "./signature";
import { spiffeTrustDomain } from "./spiffe-id";
import { TokenOutcome } from "./token-outcome";
import { VerifiedToken } from "./verified-token";

/** A token that was looked at: `verified` with VALID, or why it was refused. */
export class TokenCheck {
  constructor(
    public readonly outcome: TokenOutcome,
    public readonly verified: VerifiedToken | null,
  ) {}
}

/**
 * Verifies a JWT (RFC 7519 section 7.2, RFC 8725) but for its times: header, then issuer, then signature, then claims and
 * audience. Of the unverified payload only `iss` and `sub` are read, to choose keys: nothing else in it can steer the outcome.
 */
export function verifyToken(
  token: Uint8Array,
  policy: CompiledPolicy,
  environment: Environment,
  inquiry: Inquiry,
): TokenCheck {
  const jws = splitCompactJws(token);
  if (jws === null) return refused(TokenOutcome.MALFORMED);
  const headerJson = decodeBase64Url(jws.header);
  const payload = decodeBase64Url(jws.payload);
  if (headerJson === null || payload === null) return refused(TokenOutcome.MALFORMED);
  const header = JoseHeader.read(headerJson);
  if (header.outcome != TokenOutcome.VALID) return refused(header.outcome);

  const issuer = findIssuer(policy, payload);
  if (issuer === null) {
    const named = unverifiedClaim(payload, ISS) !== null;
    return refused(named ? TokenOutcome.ISSUER : TokenOutcome.MALFORMED);
  }
  if (issuer.trustDomain.length > 0 ? header.isAccessToken : header.isJose) return refused(TokenOutcome.MALFORMED);
  const check = verifySignature(header, jws, issuer, environment, inquiry);
  if (check.outcome != TokenOutcome.VALID) return refused(check.outcome);

  const claims = Claims.read(payload);
  if (claims === null || !isSubjectOf(claims, issuer)) return refused(TokenOutcome.MALFORMED);
  if (!isForUs(claims, issuer)) return refused(TokenOutcome.AUDIENCE);
  const key = check.key;
  const kid = key !== null && key.kid.length > 0 ? key.kid : header.keyId;
  return new TokenCheck(TokenOutcome.VALID, new VerifiedToken(issuer, claims, key, kid));
}

function refused(outcome: TokenOutcome): TokenCheck {
  return new TokenCheck(outcome, null);
}

/** By `iss`, else for a JWT-SVID by the trust domain of `sub`; null: the token is of none. */
function findIssuer(policy: CompiledPolicy, payload: Uint8Array): Issuer | null {
  const name = unverifiedClaim(payload, ISS);
  for (let i = 0; name !== null && name.length > 0 && i < policy.issuers.length; i++) {
    const issuer = unchecked(policy.issuers[i]);
    if (equal(issuer.issuer, name)) return issuer;
  }
  if (!policy.hasTrustDomains) return null;
  const subject = unverifiedClaim(payload, SUB);
  for (let i = 0; subject !== null && i < policy.issuers.length; i++) {
    const issuer = unchecked(policy.issuers[i]);
    if (issuer.trustDomain.length > 0 && isOfTrustDomain(subject, issuer.trustDomain)) return issuer;
  }
  return null;
}

/** A JWT-SVID is of a workload of its trust domain (JWT-SVID section 3.1). */
function isSubjectOf(claims: Claims, issuer: Issuer): bool {
  return issuer.trustDomain.length == 0 || isOfTrustDomain(claims.subject, issuer.trustDomain);
}

function isOfTrustDomain(id: Uint8Array, trustDomain: Uint8Array): bool {
  const domain = spiffeTrustDomain(id);
  return domain !== null && equal(domain, trustDomain);
}

/** Whether any audience of the token is one that the policy names for the issuer; a token without one is for nobody. */
function isForUs(claims: Claims, issuer: Issuer): bool {
  for (let i = 0; i < issuer.audiences.length; i++) {
    for (let j = 0; j < claims.audiences.length; j++) {
      if (equal(unchecked(issuer.audiences[i]), unchecked(claims.audiences[j]))) return true;
    }
  }
  return false;
}
