import { bytes } from "proxy-wasm-as/bytes";
import { HeaderMap } from "proxy-wasm-as/header-map";
import { isBlank } from "../encoding/blank";
import { TokenOutcome } from "./token-outcome";

const AUTHORIZATION = bytes("authorization");
const BEARER = bytes("bearer");
const DPOP = bytes("dpop");
const MAX_TOKEN_BYTES: i32 = 8192;
const NONE = new Uint8Array(0);
const SPACE: u8 = 0x20;
const EQUALS: u8 = 0x3d;

/** The credentials of a request: `outcome` is VALID (there is something to verify), ABSENT or MALFORMED. */
export class Credentials {
  constructor(
    public readonly outcome: TokenOutcome,
    /** A view of the header, any bytes; empty without VALID. */
    public readonly token: Uint8Array,
    /** Sent under the scheme DPoP (RFC 9449 section 7.1), else Bearer. */
    public readonly isDpop: bool,
  ) {}
}

/**
 * The token of `authorization` (RFC 6750 section 2.1, RFC 9449 section 7.1). Another scheme brings none: ABSENT. A second
 * header is MALFORMED. Whether the token is one at all is not looked at: see `isToken68`.
 */
export function readCredentials(request: HeaderMap): Credentials {
  const index = request.indexOf(AUTHORIZATION);
  if (index < 0) return new Credentials(TokenOutcome.ABSENT, NONE, false);
  if (request.indexOf(AUTHORIZATION, index + 1) >= 0) return new Credentials(TokenOutcome.MALFORMED, NONE, false);
  const value = withoutLeadingBlanks(request.value(index));
  const isDpop = hasScheme(value, DPOP);
  if (!isDpop && !hasScheme(value, BEARER)) return new Credentials(TokenOutcome.ABSENT, NONE, false);
  let start = isDpop ? DPOP.length : BEARER.length;
  while (start < value.length && unchecked(value[start]) == SPACE) start += 1;
  return new Credentials(TokenOutcome.VALID, value.subarray(start), isDpop);
}

/** HTTP/2 lets blanks stand before a value that an upstream of HTTP/1.1 never sees: a token behind them is one all the same. */
function withoutLeadingBlanks(value: Uint8Array): Uint8Array {
  let start = 0;
  while (start < value.length && isBlank(unchecked(value[start]))) start += 1;
  return value.subarray(start);
}

/**
 * The scheme's name in any case, followed by a blank or nothing. A tab is no separator (RFC 9110 section 11.4), but some
 * upstreams split there: what follows is then no token.
 */
function hasScheme(value: Uint8Array, scheme: Uint8Array): bool {
  if (value.length < scheme.length) return false;
  for (let i = 0; i < scheme.length; i++) {
    if ((unchecked(value[i]) | 0x20) != unchecked(scheme[i])) return false;
  }
  return value.length == scheme.length || isBlank(unchecked(value[scheme.length]));
}

/** Whether it is a token68 (RFC 9110 section 11.2; two joined by a comma are none) of at most 8 KiB. */
export function isToken68(token: Uint8Array): bool {
  if (token.length > MAX_TOKEN_BYTES) return false;
  let end = token.length;
  while (end > 0 && unchecked(token[end - 1]) == EQUALS) end -= 1;
  const data = token.dataStart;
  let at = 0;
  for (; at + 16 <= end; at += 16) if (!areToken68Bytes(v128.load(data + at))) return false;
  for (; at < end; at++) if (!isToken68Byte(load<u8>(data + at))) return false;
  return end > 0;
}

/** Sixteen of them. */
function areToken68Bytes(chunk: v128): bool {
  const lower = v128.or(chunk, i8x16.splat(0x20));
  const letters = i8x16.lt_u(i8x16.sub(lower, i8x16.splat(0x61)), i8x16.splat(26));
  // `-`, `.` and `/` stand before the digits.
  const digits = i8x16.lt_u(i8x16.sub(chunk, i8x16.splat(0x2d)), i8x16.splat(13));
  const lineOrTilde = v128.or(i8x16.eq(chunk, i8x16.splat(0x5f)), i8x16.eq(chunk, i8x16.splat(0x7e)));
  const others = v128.or(lineOrTilde, i8x16.eq(chunk, i8x16.splat(0x2b)));
  return i8x16.all_true(v128.or(v128.or(letters, digits), others));
}

/** ALPHA, DIGIT, `-` `.` `_` `~` `+` `/`. */
function isToken68Byte(byte: u32): bool {
  if ((byte | 0x20) - 0x61 < 26 || byte - 0x30 < 10) return true;
  return byte == 0x2d || byte == 0x2e || byte == 0x5f || byte == 0x7e || byte == 0x2b || byte == 0x2f;
}
