import { TokenOutcome } from "../identity/token-outcome";

/**
 * Whether a refusal of the token speaks of guessing or forging. One that has expired, was revoked or is not bound as a
 * route wants it, or a proof that lacks the nonce, happens to honest clients; what could not be verified says nothing of the client.
 */
export function isBadToken(outcome: TokenOutcome): bool {
  if (outcome <= TokenOutcome.VALID) return false;
  switch (outcome) {
    case TokenOutcome.EXPIRED:
    case TokenOutcome.VERIFICATION_BUDGET:
    case TokenOutcome.UNVERIFIABLE:
    case TokenOutcome.KEYS_UNAVAILABLE:
    case TokenOutcome.REVOCATIONS_STALE:
    case TokenOutcome.REVOKED:
    case TokenOutcome.UNBOUND:
    case TokenOutcome.DPOP_NONCE:
    case TokenOutcome.DPOP_REPLAY_WINDOW:
    case TokenOutcome.FLOOD_LIMIT:
      return false;
    default:
      return true;
  }
}
