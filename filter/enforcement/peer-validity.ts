import { bytes, getProperty } from "proxy-wasm-as";
import { readDigits } from "../encoding/digits";

/** Set by the rendered listener: the end of the client certificate's validity, Unix seconds in digits. */
const VALID_UNTIL = bytes("filter_state\0postern.peer_valid_until");

/**
 * When the client certificate of the connection expires, Unix milliseconds; 0: the listener does not tell. The handshake
 * has validated it, and a connection may outlive it. The second in which it ends still belongs to it (RFC 5280, 4.1.2.5).
 */
export function peerValidUntilMillis(): i64 {
  const until = getProperty(VALID_UNTIL);
  if (until === null) return 0;
  const seconds = readDigits(until);
  return seconds >= 0 ? (seconds + 1) * 1000 : 0;
}

/** Whether what is valid until then (0: for ever, as far as is known) is so no more. */
export function hasExpired(untilMillis: i64, nowMillis: i64): bool {
  return untilMillis > 0 && nowMillis >= untilMillis;
}
