import { Environment } from "../environment";
import { Issuer } from "../policy/issuer";
import { Inquiry, StateAnswer } from "./inquiry";
import { TokenOutcome } from "./token-outcome";

/**
 * Whether the issuer's keys can be used now: VALID, UNVERIFIABLE (the sidecar is asked first), or KEYS_UNAVAILABLE (they
 * were never fetched, or too long ago). Keys that the policy gives always can.
 */
export function judgeKeys(issuer: Issuer, kid: Uint8Array, inquiry: Inquiry, environment: Environment): TokenOutcome {
  if (issuer.keysMaxAgeMillis == 0) return TokenOutcome.VALID;
  const fetched = issuer.keysFetchedMillis;
  if (fetched > 0 && environment.nowMillis() < fetched + issuer.keysMaxAgeMillis) return TokenOutcome.VALID;
  const answer = inquiry.lookForKey(issuer.name, kid);
  return answer == StateAnswer.Given ? TokenOutcome.KEYS_UNAVAILABLE : TokenOutcome.UNVERIFIABLE;
}

/**
 * The token names a key that its issuer does not have: KEY, once the sidecar has looked for a new one where keys are
 * fetched; UNVERIFIABLE while it has not, or can't. Each look is paid for like a failed verification.
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
  if (inquiry.lookForKey(issuer.name, kid) != StateAnswer.Given) return TokenOutcome.UNVERIFIABLE;
  budget.charge();
  return TokenOutcome.KEY;
}
