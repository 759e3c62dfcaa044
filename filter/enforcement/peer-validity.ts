import { bytes, getProperty } from "proxy-wasm-as";
import { readDigits } from "../encoding/digits";

/** Set by the rendered listener: the end of the client certificate's validity, Unix seconds in digits. */
const VALID_UNTIL = bytes("filter_state\0postern.peer_valid_until");

/**
 * Whether the client certificate of the connection has expired since: the handshake has validated it, and a connection may
 * outlive it. False where the listener does not tell.
 */
export function peerHasExpired(nowMillis: i64): bool {
  const until = getProperty(VALID_UNTIL);
  if (until === null) return false;
  const seconds = readDigits(until);
  return seconds >= 0 && nowMillis / 1000 > seconds;
}
