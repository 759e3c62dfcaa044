import { bytes } from "proxy-wasm-as/bytes";
import { HeaderMap } from "proxy-wasm-as/header-map";
import { constantTimeEqual } from "../crypto/constant-time";
import { hmacSha256 } from "../crypto/hmac-sha256";
import { decodeHex } from "../encoding/hex";
import { Environment } from "../environment";
import { proofSecret } from "../identity/proof-secret";
import { Replay, rememberProof } from "../identity/replay-window";

const MARK = bytes("x-postern-self-test");
const METHOD = bytes(":method");
const AUTHORITY = bytes(":authority");
const PATH = bytes(":path");
const LABEL = bytes("self-test");

/** `SECONDS.NONCE.MAC`: ten decimal digits, 32 and 64 hexadecimal ones. */
const SECONDS_DIGITS: i32 = 10;
const SIGNED_LENGTH: i32 = 43;
const MARK_LENGTH: i32 = 108;
const KEY_BYTES: i32 = 32;
/** How far its time may be from the gate's clock, either way. */
const WINDOW_SECONDS: i64 = 30;
const DOT: u8 = 0x2e;
const LINE_FEED: u8 = 0x0a;
const ZERO: u32 = 0x30;

/**
 * Whether the request is a probe of the self-test: its mark holds an HMAC-SHA-256 under `key` over time, nonce, method,
 * authority and path, is of now, and was never seen by any worker. Any other mark makes it no more than a request.
 */
export function isProbe(headers: HeaderMap, key: Uint8Array, environment: Environment): bool {
  const mark = headers.first(MARK);
  if (mark === null || mark.length != MARK_LENGTH || key.length != KEY_BYTES) return false;
  const mac = decodeHex(mark.subarray(SIGNED_LENGTH + 1));
  if (!constantTimeEqual(mac, hmacSha256(key, signedText(mark, headers)))) return false;
  const seconds = readSeconds(mark);
  const now = environment.nowMillis() / 1000;
  if (seconds < now - WINDOW_SECONDS || seconds > now + WINDOW_SECONDS) return false;
  const secret = proofSecret(environment);
  if (secret === null) return false;
  const nonce = mark.subarray(SECONDS_DIGITS + 1, SIGNED_LENGTH);
  return rememberProof(environment, secret, LABEL, nonce, now, seconds + WINDOW_SECONDS + 1) == Replay.Fresh;
}

function signedText(mark: Uint8Array, headers: HeaderMap): Uint8Array {
  const method = valueOrEmpty(headers, METHOD);
  const authority = valueOrEmpty(headers, AUTHORITY);
  const path = valueOrEmpty(headers, PATH);
  const text = new Uint8Array(SIGNED_LENGTH + 3 + method.length + authority.length + path.length);
  text.fill(LINE_FEED);
  text.set(mark.subarray(0, SIGNED_LENGTH));
  text.set(method, SIGNED_LENGTH + 1);
  text.set(authority, SIGNED_LENGTH + 2 + method.length);
  text.set(path, SIGNED_LENGTH + 3 + method.length + authority.length);
  return text;
}

/** -1: they are no digits, or the parts are not where they must be. */
function readSeconds(mark: Uint8Array): i64 {
  if (mark[SECONDS_DIGITS] != DOT || mark[SIGNED_LENGTH] != DOT) return -1;
  let seconds: i64 = 0;
  for (let i = 0; i < SECONDS_DIGITS; i++) {
    const digit = <u32>unchecked(mark[i]) - ZERO;
    if (digit > 9) return -1;
    seconds = seconds * 10 + <i64>digit;
  }
  return seconds;
}

function valueOrEmpty(headers: HeaderMap, name: Uint8Array): Uint8Array {
  const value = headers.first(name);
  return value === null ? new Uint8Array(0) : value;
}
