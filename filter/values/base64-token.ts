import { findPair } from "../encoding/find-byte";
import { rewrite } from "../encoding/rewrite";
import { Base64Run, MIN_TOKEN_BYTES } from "./base64-run";
import { decodeBase64At, isBase64Byte, isBase64Text } from "./base64-text";

const MAX_PADDING = 2;
const PERCENT: u8 = 0x25;
const AMPERSAND: u8 = 0x26;
const COMMA: u8 = 0x2c;
const FOUR: u8 = 0x34;
const DOT: u8 = 0x2e;
const EQUALS: u8 = 0x3d;
const SEMICOLON: u8 = 0x3b;
const BACKSLASH: u8 = 0x5c;
const SPACE: u8 = 0x20;
/** "base" and "64" as they are loaded, little-endian. */
const BASE: u32 = 0x65736162;
const SIXTY_FOUR: u16 = 0x3436;
const LOWER_CASE: u32 = 0x20202020;

const run = new Base64Run();

/** The content of every `base64,` (RFC 2397) in the first `length` bytes that is text, decoded in place; the new length. */
export function decodeDataUrls(text: Uint8Array, length: i32): i32 {
  const pass = rewrite(text, length);
  for (let four = findPair(text, 0, length, FOUR, COMMA); four < length; ) {
    const start = four + 2;
    const marked = endsWithBase64(text, four + 1);
    let end = start;
    if (marked) while (end < length && isDataUrlByte(unchecked(text[end]))) end += 1;
    pass.keepUntil(start);
    if (marked && isBase64Text(text, start, end)) pass.resume(end, decodeBase64At(text, start, end, pass.write));
    else pass.keepUntil(end);
    four = findPair(text, end, length, FOUR, COMMA);
  }
  return pass.finish();
}

/**
 * Every run of at least 16 base64 digits that is text, in the first `length` bytes, decoded in place: what stands in
 * quotes or between separators. A dot belongs to a run: see `Base64Run` for what is decoded of one that has any.
 * `settled`: no other decoder has found anything; until then a run beside an escape may be a part of one. Gives the new
 * length.
 */
export function decodeBase64Tokens(text: Uint8Array, length: i32, settled: bool): i32 {
  const pass = rewrite(text, length);
  for (let start = nextRun(text, 0, length); start < length; ) {
    let end = start + MIN_TOKEN_BYTES;
    while (end < length && isRunByte(unchecked(text[end]))) end += 1;
    if (settled || !isBesideEscape(text, start, end, length)) {
      run.begin(text, start, end);
      while (run.next()) {
        let next = run.to;
        for (let i = 0; i < MAX_PADDING && next < length && unchecked(text[next]) == EQUALS; i++) next += 1;
        pass.keepUntil(run.from);
        pass.resume(next, decodeBase64At(text, run.from, next, pass.write));
        end = max(end, next);
      }
    }
    start = nextRun(text, end, length);
  }
  return pass.finish();
}

/** Where, from `at` on, the next sixteen bytes of a run begin; `length`: nowhere. */
function nextRun(text: Uint8Array, at: i32, length: i32): i32 {
  const data = text.dataStart;
  // A bit for each of the last sixteen bytes, and of the sixteen before them.
  let last: u32 = 0;
  for (; at + 16 <= length; at += 16) {
    const before = last;
    last = runBytesAmong(v128.load(data + at));
    const first = sixteenOnes(before | (last << 16));
    if (first < 32) return at - 16 + first;
  }
  const before = last;
  last = 0;
  for (let i = at; i < length; i++) last |= u32(isRunByte(load<u8>(data + i))) << (i - at);
  const first = sixteenOnes(before | (last << 16));
  return first < 32 ? at - 16 + first : length;
}

/** The lowest of sixteen bits in a row that are set; 32: there are none. */
function sixteenOnes(bits: u32): i32 {
  bits &= bits >> 1;
  bits &= bits >> 2;
  bits &= bits >> 4;
  return ctz(bits & (bits >> 8));
}

/** `isRunByte` of sixteen bytes, a bit each. */
function runBytesAmong(bytes: v128): u32 {
  const lower = v128.or(bytes, i8x16.splat(0x20));
  const letters = i8x16.lt_u(i8x16.sub(lower, i8x16.splat(0x61)), i8x16.splat(26));
  // `-`, `.`, `/` and digits.
  const others = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x2d)), i8x16.splat(13));
  const signs = v128.or(i8x16.eq(bytes, i8x16.splat(0x2b)), i8x16.eq(bytes, i8x16.splat(0x5f)));
  return i8x16.bitmask(v128.or(v128.or(letters, others), signs));
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
