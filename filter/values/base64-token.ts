import { rewrite } from "../encoding/rewrite";
import { decodeBase64At, isBase64Byte, isBase64Text } from "./base64-text";

/** Fewer letters are more often a word than base64. */
const MIN_TOKEN_BYTES = 16;
const MAX_PADDING = 2;
const PERCENT: u8 = 0x25;
const AMPERSAND: u8 = 0x26;
const COMMA: u8 = 0x2c;
const DOT: u8 = 0x2e;
const EQUALS: u8 = 0x3d;
const SEMICOLON: u8 = 0x3b;
const BACKSLASH: u8 = 0x5c;
const SPACE: u8 = 0x20;
/** "base" and "64" as they are loaded, little-endian. */
const BASE: u32 = 0x65736162;
const SIXTY_FOUR: u16 = 0x3436;
const LOWER_CASE: u32 = 0x20202020;

/** The content of every `base64,` (RFC 2397) in the first `length` bytes that is text, decoded in place; the new length. */
export function decodeDataUrls(text: Uint8Array, length: i32): i32 {
  const pass = rewrite(text, length);
  while (pass.seek(COMMA, COMMA)) {
    const start = pass.read + 1;
    const marked = endsWithBase64(text, pass.read);
    pass.keep();
    if (!marked) continue;
    let end = start;
    while (end < length && isDataUrlByte(unchecked(text[end]))) end += 1;
    if (isBase64Text(text, start, end)) pass.resume(end, decodeBase64At(text, start, end, pass.write));
    else pass.keepUntil(end);
  }
  return pass.finish();
}

/**
 * Every run of at least 16 base64 digits that is text, in the first `length` bytes, decoded in place: what stands in
 * quotes or between separators. A dot belongs to a run, so that signed tokens (RFC 7515) stay. `settled`: no other
 * decoder has found anything; until then a run beside an escape may be a part of one. Gives the new length.
 */
export function decodeBase64Tokens(text: Uint8Array, length: i32, settled: bool): i32 {
  const pass = rewrite(text, length);
  let from = 0;
  // A run this long has a byte at one of these positions.
  for (let at = MIN_TOKEN_BYTES - 1; at < length; at += MIN_TOKEN_BYTES) {
    if (!isRunByte(unchecked(text[at]))) continue;
    let start = at;
    while (start > from && isRunByte(unchecked(text[start - 1]))) start -= 1;
    let end = at + 1;
    while (end < length && isRunByte(unchecked(text[end]))) end += 1;
    const whole = settled || !isBesideEscape(text, start, end, length);
    if (whole && end - start >= MIN_TOKEN_BYTES && isBase64Text(text, start, end)) {
      for (let i = 0; i < MAX_PADDING && end < length && unchecked(text[end]) == EQUALS; i++) end += 1;
      pass.keepUntil(start);
      pass.resume(end, decodeBase64At(text, start, end, pass.write));
    }
    from = end;
    at = end - 1;
  }
  return pass.finish();
}

function isBesideEscape(text: Uint8Array, start: i32, end: i32, length: i32): bool {
  return (start > 0 && isEscape(unchecked(text[start - 1]))) || (end < length && isEscape(unchecked(text[end])));
}

function isEscape(byte: u8): bool {
  return byte == PERCENT || byte == AMPERSAND || byte == BACKSLASH || byte == SEMICOLON;
}

/** Whether the bytes before `end` are `base64`. */
function endsWithBase64(text: Uint8Array, end: i32): bool {
  if (end < 6) return false;
  const at = text.dataStart + end - 6;
  return (load<u32>(at) | LOWER_CASE) == BASE && load<u16>(at, 4) == SIXTY_FOUR;
}

function isDataUrlByte(byte: u8): bool {
  return byte == EQUALS || (byte != SPACE && isBase64Byte(byte));
}

function isRunByte(byte: u8): bool {
  return byte == DOT || (byte > SPACE && isBase64Byte(byte));
}
