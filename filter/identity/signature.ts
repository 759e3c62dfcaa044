import { equal } from "proxy-wasm-as/bytes";
import { constantTimeEqual } from "../crypto/constant-time";
import { ecdsaSignatureToDer } from "../crypto/ecdsa-der";
import { hmacSha256 } from "../crypto/hmac-sha256";
import { decodeBase64Url } from "../encoding/base64";
import { Environment, SignatureFinding } from "../environment";
import { ALGORITHM_HS256, scalarBytes } from "../policy/algorithm";
import { Issuer, VerificationKey } from "../policy/issuer";
import { CompactJws } from "./compact-jws";
import { judgeKeys, judgeUnknownKey } from "./fetched-keys";
import { Inquiry, SignatureAnswer, SignatureInquiry } from "./inquiry";
import { JoseHeader } from "./jose-header";
import { TokenOutcome } from "./token-outcome";
import { VerificationBudget } from "./verification-budget";

/** RFC 7518 section 3.2: a key as long as the hash at least. */
const MIN_SECRET_BYTES: i32 = 32;
/** Of an RSA key of 8192 bits, the largest that may be; the sidecar verifies no longer one either. */
const MAX_SIGNATURE_BYTES: i32 = 1024;

/** VALID, or why not, and the key. */
export class SignatureCheck {
  constructor(
    public readonly outcome: TokenOutcome,
    /** null: there was none, or it is a shared secret. */
    public readonly key: VerificationKey | null,
  ) {}
}

/**
 * Verifies the signature with a key of `issuer`. VALID, or: ALGORITHM (not the issuer's, or not that of the key that the
 * token names), KEY (no such key, or not a single one), MALFORMED (the signature is no base64url or empty),
 * VERIFICATION_BUDGET (spent: nothing was verified), UNVERIFIABLE (only the sidecar can, or can look for the key: it is
 * asked with `inquiry`, or gave no answer), KEYS_UNAVAILABLE, SIGNATURE.
 */
export function verifySignature(
  header: JoseHeader,
  jws: CompactJws,
  issuer: Issuer,
  environment: Environment,
  inquiry: Inquiry,
): SignatureCheck {
  const signature = decodeBase64Url(jws.signature);
  if (signature === null || signature.length == 0) return new SignatureCheck(TokenOutcome.MALFORMED, null);
  if ((issuer.algorithms & header.algorithm) == 0) return new SignatureCheck(TokenOutcome.ALGORITHM, null);
  if (header.algorithm == ALGORITHM_HS256) {
    return new SignatureCheck(verifyWithSecret(issuer, signature, jws.signingInput, environment), null);
  }
  const keys = judgeKeys(issuer, header.keyId, inquiry, environment);
  if (keys != TokenOutcome.VALID) return new SignatureCheck(keys, null);
  const choice = chooseKey(issuer, header);
  const key = choice.key;
  if (key === null) {
    const unknown = choice.outcome == TokenOutcome.KEY;
    const outcome = unknown ? judgeUnknownKey(issuer, header.keyId, inquiry, environment) : choice.outcome;
    return new SignatureCheck(outcome, null);
  }
  const budget = environment.verifications;
  let outcome = verifyWithKey(header.algorithm, key.spki, signature, jws.signingInput, environment, budget);
  if (outcome == TokenOutcome.UNVERIFIABLE) {
    const answer = inquiry.answerTo(new SignatureInquiry(header.algorithm, key.spki, signature, jws.signingInput));
    const answered = answer == SignatureAnswer.Verified || answer == SignatureAnswer.Refused;
    if (answered) outcome = settle(answer == SignatureAnswer.Verified, budget);
  }
  return new SignatureCheck(outcome, key);
}

function verifyWithSecret(
  issuer: Issuer,
  signature: Uint8Array,
  signingInput: Uint8Array,
  environment: Environment,
): TokenOutcome {
  const budget = environment.verifications;
  const secret = environment.secret(issuer.secretEnvironmentName);
  if (secret === null || secret.length < MIN_SECRET_BYTES) return TokenOutcome.KEY;
  if (!budget.allows(environment.monotonicMicros() / 1000)) return TokenOutcome.VERIFICATION_BUDGET;
  return settle(constantTimeEqual(hmacSha256(secret, signingInput), signature), budget);
}

/** Verifies a signature of JWS with this very key: VALID, VERIFICATION_BUDGET, UNVERIFIABLE (not here) or SIGNATURE. */
export function verifyWithKey(
  algorithm: u32,
  spki: Uint8Array,
  signature: Uint8Array,
  signingInput: Uint8Array,
  environment: Environment,
  budget: VerificationBudget,
): TokenOutcome {
  if (!budget.allows(environment.monotonicMicros() / 1000)) return TokenOutcome.VERIFICATION_BUDGET;
  if (signature.length > MAX_SIGNATURE_BYTES) return settle(false, budget);
  const scalar = scalarBytes(algorithm);
  const bytes = scalar > 0 ? ecdsaSignatureToDer(signature, scalar) : signature;
  if (bytes === null) return settle(false, budget);
  const finding = environment.verifySignature(algorithm, spki, bytes, signingInput);
  if (finding == SignatureFinding.NotHere) return TokenOutcome.UNVERIFIABLE;
  return settle(finding == SignatureFinding.Verified, budget);
}

function settle(verified: bool, budget: VerificationBudget): TokenOutcome {
  if (verified) return TokenOutcome.VALID;
  budget.charge();
  return TokenOutcome.SIGNATURE;
}

class KeyChoice {
  constructor(
    public readonly key: VerificationKey | null,
    /** Why there is no key. */
    public readonly outcome: TokenOutcome,
  ) {}
}

/** The key that `kid` names, or without one the issuer's only key of the algorithm; its own algorithm must be the header's. */
function chooseKey(issuer: Issuer, header: JoseHeader): KeyChoice {
  const kid = header.kid;
  let chosen: VerificationKey | null = null;
  let named = false;
  for (let i = 0; i < issuer.keys.length; i++) {
    const key = unchecked(issuer.keys[i]);
    if (kid !== null && !equal(key.kid, kid)) continue;
    named = true;
    if ((key.algorithms & header.algorithm) == 0) continue;
    if (chosen !== null) return new KeyChoice(null, TokenOutcome.KEY);
    chosen = key;
  }
  const confused = kid !== null && named && chosen === null;
  return new KeyChoice(chosen, confused ? TokenOutcome.ALGORITHM : TokenOutcome.KEY);
}
