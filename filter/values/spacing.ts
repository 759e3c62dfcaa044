import { findPair } from "../encoding/find-byte";
import { rewrite } from "../encoding/rewrite";

const SLASH: u8 = 0x2f;
const STAR: u8 = 0x2a;
const BANG: u8 = 0x21;
const SPACE: u8 = 0x20;

/** Space, tab, line feed, vertical tab, form feed, carriage return. */
export function isWhitespace(byte: u8): bool {
  return byte == SPACE || (byte >= 0x09 && byte <= 0x0d);
}

/** An ASCII control character that is no white space. */
export function isControl(byte: u8): bool {
  return byte == 0x7f || (byte < 0x20 && !isWhitespace(byte));
}

/**
 * Block comments in the first `length` bytes → one space each, in place; of a MySQL version comment (one that begins with a bang)
 * only the marks go, since its content is executed. A comment that does not end stays. Gives the new length.
 */
export function foldComments(text: Uint8Array, length: i32): i32 {
  const pass = rewrite(text, length);
  let opened = false;
  let unclosed = false;
  while (pass.seek(SLASH, STAR)) {
    const at = pass.read;
    const byte = unchecked(text[at]);
    const next: u8 = at + 1 < length ? unchecked(text[at + 1]) : 0;
    if (byte == SLASH && next == STAR && !unclosed) {
      const executed = at + 2 < length && unchecked(text[at + 2]) == BANG;
      const end = executed ? digitsEnd(text, at + 3, length) : commentEnd(text, at + 2, length);
      unclosed = end < 0;
      opened = opened || executed;
      if (unclosed) pass.keep();
      else pass.put(SPACE, end - at);
    } else if (byte == STAR && next == SLASH && opened) {
      pass.put(SPACE, 2);
    } else {
      pass.keep();
    }
  }
  return pass.finish();
}

/** Whether there may be a comment in the first `length` bytes. */
export function hasCommentStart(text: Uint8Array, length: i32): bool {
  return findPair(text, 0, length, SLASH, STAR) < length;
}

/** Whether the first `length` bytes hold whitespace other than single spaces. */
export function hasWhitespaceToFold(text: Uint8Array, length: i32): bool {
  return nextToFold(text, 0, length) < length;
}

/** Each run of whitespace in the first `length` bytes → one space, in place. Gives the new length. */
export function foldWhitespace(text: Uint8Array, length: i32): i32 {
  const pass = rewrite(text, length);
  for (let at = nextToFold(text, 0, length); at < length; at = nextToFold(text, pass.read, length)) {
    let end = at + 1;
    while (end < length && isWhitespace(unchecked(text[end]))) end += 1;
    pass.keepUntil(at);
    pass.put(SPACE, end - at);
  }
  return pass.finish();
}

/** Where, from `at` on, a run of whitespace begins that is not a single space; `length`: there is none. */
function nextToFold(text: Uint8Array, at: i32, length: i32): i32 {
  const data = text.dataStart;
  for (; at + 17 <= length; at += 16) {
    const next = whitespaceAmong(v128.load(data + at + 1));
    const chunk = v128.load(data + at);
    const spaces = i8x16.eq(chunk, i8x16.splat(SPACE));
    const mask = i8x16.bitmask(v128.or(controlsAmong(chunk), v128.and(spaces, next)));
    if (mask != 0) return at + ctz(mask);
  }
  for (; at < length; at++) {
    const byte = load<u8>(data + at);
    if (!isWhitespace(byte)) continue;
    if (byte != SPACE || (at + 1 < length && isWhitespace(load<u8>(data + at, 1)))) return at;
  }
  return length;
}

function whitespaceAmong(bytes: v128): v128 {
  return v128.or(controlsAmong(bytes), i8x16.eq(bytes, i8x16.splat(SPACE)));
}

/** Whitespace other than the space. */
function controlsAmong(bytes: v128): v128 {
  return i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x09)), i8x16.splat(5));
}

function commentEnd(text: Uint8Array, at: i32, end: i32): i32 {
  for (; at + 1 < end; at++) {
    if (unchecked(text[at]) == STAR && unchecked(text[at + 1]) == SLASH) return at + 2;
  }
  return -1;
}

function digitsEnd(text: Uint8Array, at: i32, end: i32): i32 {
  while (at < end && <u32>unchecked(text[at]) - 0x30 < 10) at += 1;
  return at;
}
