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
  let read = 0;
  let write = 0;
  let opened = false;
  let unclosed = false;
  while (read < length) {
    const byte = unchecked(text[read]);
    const next = read + 1 < length ? unchecked(text[read + 1]) : 0;
    if (byte == SLASH && next == STAR && !unclosed) {
      const executed = read + 2 < length && unchecked(text[read + 2]) == BANG;
      const close = executed ? 0 : commentEnd(text, read + 2, length);
      unclosed = close < 0;
      if (!unclosed) {
        unchecked((text[write++] = SPACE));
        read = executed ? digitsEnd(text, read + 3, length) : close;
        opened = opened || executed;
        continue;
      }
    } else if (byte == STAR && next == SLASH && opened) {
      unchecked((text[write++] = SPACE));
      read += 2;
      continue;
    }
    unchecked((text[write++] = byte));
    read += 1;
  }
  return write;
}

/** Whether there may be a comment in the first `length` bytes. */
export function hasCommentStart(text: Uint8Array, length: i32): bool {
  for (let i = 1; i < length; i++) {
    if (unchecked(text[i]) == STAR && unchecked(text[i - 1]) == SLASH) return true;
  }
  return false;
}

/** Whether the first `length` bytes hold whitespace other than single spaces. */
export function hasWhitespaceToFold(text: Uint8Array, length: i32): bool {
  let previous: u8 = 0;
  for (let i = 0; i < length; i++) {
    const byte = unchecked(text[i]);
    if (isWhitespace(byte) && (byte != SPACE || previous == SPACE)) return true;
    previous = byte;
  }
  return false;
}

/** Each run of whitespace in the first `length` bytes → one space, in place. Gives the new length. */
export function foldWhitespace(text: Uint8Array, length: i32): i32 {
  let write = 0;
  let inRun = false;
  for (let read = 0; read < length; read++) {
    const byte = unchecked(text[read]);
    const space = isWhitespace(byte);
    if (!space) unchecked((text[write++] = byte));
    else if (!inRun) unchecked((text[write++] = SPACE));
    inRun = space;
  }
  return write;
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
