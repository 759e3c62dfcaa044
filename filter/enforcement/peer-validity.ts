import { bytes, getProperty } from "proxy-wasm-as";

/** Set by the rendered listener: the end of the client certificate's validity, Unix seconds in digits. */
const VALID_UNTIL = bytes("filter_state\0postern.peer_valid_until");

/**
 * Whether the client certificate of the connection has expired since: the handshake has validated it, and a connection may
 * outlive it. False where the listener does not tell.
 */
export function peerHasExpired(nowMillis: i64): bool {
  const until = getProperty(VALID_UNTIL);
  if (until === null) return false;
  let seconds: i64 = 0;
  for (let i = 0; i < until.length; i++) {
    const digit = <u32>unchecked(until[i]) - 0x30;
    if (digit > 9) return false;
    seconds = seconds * 10 + digit;
  }
  return until.length > 0 && nowMillis / 1000 > seconds;
}
