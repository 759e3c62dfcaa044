import { equal } from "proxy-wasm-as/bytes";
import { constantTimeEqual } from "../crypto/constant-time";
import { ecdsaSignatureToDer } from "../crypto/ecdsa-der";
import { hmacSha256 } from "../crypto/hmac-sha256";
import { decodeBase64Url } from "../encoding/base64";
import { Environment } from "../environment";
import { ALGORITHM_ES256, ALGORITHM_HS256, Issuer, VerificationKey } from "../policy/issuer";
import { CompactJws } from "./compact-jws";
import { JoseHeader } from "./jose-header";
import { TokenOutcome } from "./token-outcome";
import { VerificationBudget } from "./verification-budget";

const SHA256_BITS: i32 = 256;
/** RFC 7518 section 3.2: a key as long as the hash at least. */
const MIN_SECRET_BYTES: i32 = 32;

/**
 * Verifies the signature with a key of `issuer`. VALID, or: ALGORITHM (not the issuer's, or not that of the key that the
 * token names), KEY (no such key, or not a single one), MALFORMED (the signature is no base64url or empty),
 * VERIFICATION_BUDGET (spent: nothing was verified), SIGNATURE.
 */
export function verifySignature(
  header: JoseHeader,
  jws: CompactJws,
  issuer: Issuer,
  environment: Environment,
): TokenOutcome {
  const budget = environment.verifications;
  const signature = decodeBase64Url(jws.signature);
  if (signature === null || signature.length == 0) return TokenOutcome.MALFORMED;
  if ((issuer.algorithms & header.algorithm) == 0) return TokenOutcome.ALGORITHM;
  if (header.algorithm == ALGORITHM_HS256) {
    const secret = environment.secret(issuer.secretEnvironmentName);
    if (secret === null || secret.length < MIN_SECRET_BYTES) return TokenOutcome.KEY;
    if (!budget.allows(environment.monotonicMicros() / 1000)) return TokenOutcome.VERIFICATION_BUDGET;
    return settle(constantTimeEqual(hmacSha256(secret, jws.signingInput), signature), budget);
  }
  const choice = chooseKey(issuer, header);
  const key = choice.key;
  if (key === null) return choice.outcome;
  return verifyWithKey(header.algorithm, key.spki, signature, jws.signingInput, environment, budget);
}

/** Verifies an RS256 or ES256 signature of JWS with this very key: VALID, VERIFICATION_BUDGET or SIGNATURE. */
export function verifyWithKey(
  algorithm: u8,
  spki: Uint8Array,
  signature: Uint8Array,
  signingInput: Uint8Array,
  environment: Environment,
  budget: VerificationBudget,
): TokenOutcome {
  if (!budget.allows(environment.monotonicMicros() / 1000)) return TokenOutcome.VERIFICATION_BUDGET;
  const bytes = algorithm == ALGORITHM_ES256 ? ecdsaSignatureToDer(signature) : signature;
  if (bytes === null) return settle(false, budget);
  return settle(environment.verifySignature(SHA256_BITS, spki, bytes, signingInput), budget);
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
    if (key.algorithm != header.algorithm) continue;
    if (chosen !== null) return new KeyChoice(null, TokenOutcome.KEY);
    chosen = key;
  }
  const confused = kid !== null && named && chosen === null;
  return new KeyChoice(chosen, confused ? TokenOutcome.ALGORITHM : TokenOutcome.KEY);
}
