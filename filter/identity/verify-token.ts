import { equal } from "proxy-wasm-as/bytes";
import { decodeBase64Url } from "../encoding/base64";
import { Environment } from "../environment";
import { CompiledPolicy } from "../policy/compiled-policy";
import { Issuer } from "../policy/issuer";
import { Claims, unverifiedIssuer } from "./claims";
import { splitCompactJws } from "./compact-jws";
import { Inquiry } from "./inquiry";
import { JoseHeader } from "./jose-header";
import { verifySignature } from "./signature";
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
 * audience. Of the unverified payload only `iss` is read, to choose keys: nothing else in it can steer the outcome.
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

  const name = unverifiedIssuer(payload);
  if (name === null) return refused(TokenOutcome.MALFORMED);
  const issuer = findIssuer(policy, name);
  if (issuer === null) return refused(TokenOutcome.ISSUER);
  const outcome = verifySignature(header, jws, issuer, environment, inquiry);
  if (outcome != TokenOutcome.VALID) return refused(outcome);

  const claims = Claims.read(payload);
  if (claims === null) return refused(TokenOutcome.MALFORMED);
  if (!isForUs(claims, issuer)) return refused(TokenOutcome.AUDIENCE);
  return new TokenCheck(TokenOutcome.VALID, new VerifiedToken(issuer, claims));
}

function refused(outcome: TokenOutcome): TokenCheck {
  return new TokenCheck(outcome, null);
}

function findIssuer(policy: CompiledPolicy, name: Uint8Array): Issuer | null {
  for (let i = 0; i < policy.issuers.length; i++) {
    const issuer = unchecked(policy.issuers[i]);
    if (equal(issuer.issuer, name)) return issuer;
  }
  return null;
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
