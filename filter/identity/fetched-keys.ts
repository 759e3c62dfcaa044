import { Environment } from "../environment";
import { Issuer, MAX_KID_BYTES } from "../policy/issuer";
import { Inquiry, StateAnswer } from "./inquiry";
import { TokenOutcome } from "./token-outcome";

/**
 * Whether the issuer's keys can be used now: VALID, UNVERIFIABLE (the sidecar is asked first), or KEYS_UNAVAILABLE (they
 * were never fetched, or too long ago). Keys that the policy gives always can. A `kid` that no key can have: see below.
 */
export function judgeKeys(issuer: Issuer, kid: Uint8Array, inquiry: Inquiry, environment: Environment): TokenOutcome {
  if (issuer.keysMaxAgeMillis == 0) return TokenOutcome.VALID;
  if (kid.length > MAX_KID_BYTES) return judgeUnknownKey(issuer, kid, inquiry, environment);
  const fetched = issuer.keysFetchedMillis;
  if (fetched > 0 && environment.nowMillis() < fetched + issuer.keysMaxAgeMillis) return TokenOutcome.VALID;
  const answer = inquiry.lookForKey(issuer.name, kid);
  return answer == StateAnswer.Given ? TokenOutcome.KEYS_UNAVAILABLE : TokenOutcome.UNVERIFIABLE;
}

/**
 * The token names a key that its issuer does not have: KEY, once the sidecar has looked for a new one where keys are
 * fetched; UNVERIFIABLE while it has not, or can't. Each look is paid for like a failed verification, and so is a `kid` that
 * no key can have, for which nothing is asked.
 */
export function judgeUnknownKey(
  issuer: Issuer,
  kid: Uint8Array,
  inquiry: Inquiry,
  environment: Environment,
): TokenOutcome {
  if (issuer.keysMaxAgeMillis == 0 || kid.length == 0) return TokenOutcome.KEY;
  const budget = environment.verifications;
  if (!budget.allows(environment.monotonicMicros() / 1000)) return TokenOutcome.VERIFICATION_BUDGET;
  const canExist = kid.length <= MAX_KID_BYTES;
  if (canExist && inquiry.lookForKey(issuer.name, kid) != StateAnswer.Given) return TokenOutcome.UNVERIFIABLE;
  budget.charge();
  return TokenOutcome.KEY;
}
