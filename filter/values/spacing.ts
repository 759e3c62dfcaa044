import { rewrite } from "../encoding/rewrite";

const SLASH: u8 = 0x2f;
const STAR: u8 = 0x2a;
const BANG: u8 = 0x21;
const SPACE: u8 = 0x20;

/** Space, tab, line feed, vertical tab, form feed, carriage return. */
export function isWhitespace(byte: u8): bool {
  return byte == SPACE || (byte >= 0x09 && byte <= 0x0d);
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
  const data = text.dataStart;
  let at = 0;
  for (; at + 17 <= length; at += 16) {
    const slashes = i8x16.eq(v128.load(data + at), i8x16.splat(SLASH));
    const stars = i8x16.eq(v128.load(data + at + 1), i8x16.splat(STAR));
    if (v128.any_true(v128.and(slashes, stars))) return true;
  }
  for (; at + 1 < length; at++) {
    if (load<u8>(data + at) == SLASH && load<u8>(data + at + 1) == STAR) return true;
  }
  return false;
}

/** Whether the first `length` bytes hold whitespace other than single spaces. */
export function hasWhitespaceToFold(text: Uint8Array, length: i32): bool {
  const data = text.dataStart;
  const spaces = i8x16.splat(SPACE);
  let at = 0;
  for (; at + 17 <= length; at += 16) {
    const chunk = v128.load(data + at);
    const next = v128.load(data + at + 1);
    const controls = i8x16.lt_u(i8x16.sub(chunk, i8x16.splat(0x09)), i8x16.splat(5));
    const doubled = v128.and(i8x16.eq(chunk, spaces), i8x16.eq(next, spaces));
    if (v128.any_true(v128.or(controls, doubled))) return true;
  }
  let previous: u8 = 0;
  for (; at < length; at++) {
    const byte = load<u8>(data + at);
    if (isWhitespace(byte) && (byte != SPACE || previous == SPACE)) return true;
    previous = byte;
  }
  return false;
}

/** Each run of whitespace in the first `length` bytes → one space, in place. Gives the new length. */
export function foldWhitespace(text: Uint8Array, length: i32): i32 {
  const pass = rewrite(text, length);
  for (let at = 0; at < length; ) {
    const start = at;
    while (at < length && !isWhitespace(unchecked(text[at]))) at += 1;
    pass.keepUntil(at);
    const space = at;
    while (at < length && isWhitespace(unchecked(text[at]))) at += 1;
    if (at > space) pass.put(SPACE, at - space);
    if (at == start) break;
  }
  return pass.finish();
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
