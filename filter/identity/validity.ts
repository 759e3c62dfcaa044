import { TokenOutcome } from "./token-outcome";
import { VerifiedToken } from "./verified-token";

/** From then on the token has expired, Unix milliseconds. */
export function acceptedUntilMillis(token: VerifiedToken): i64 {
  return token.claims.expiresAtMillis + token.issuer.clockSkewSeconds * 1000;
}

/** Judges `exp`, `nbf` and `iat` at `nowMillis` (Unix), each within the issuer's clock skew (RFC 7519 section 4.1.4 to 6). */
export function judgeTime(token: VerifiedToken, nowMillis: i64): TokenOutcome {
  const skew = token.issuer.clockSkewSeconds * 1000;
  const claims = token.claims;
  if (nowMillis >= acceptedUntilMillis(token)) return TokenOutcome.EXPIRED;
  if (nowMillis + skew < claims.notBeforeMillis) return TokenOutcome.NOT_YET_VALID;
  if (nowMillis + skew < claims.issuedAtMillis) return TokenOutcome.ISSUED_IN_FUTURE;
  return TokenOutcome.VALID;
}
