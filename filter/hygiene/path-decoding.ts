import { hexDigit } from "../encoding/hex";

/** Stands for a slash or backslash that only a decoder sees: of the raw path it is data. */
export const DECODED_SLASH: u8 = 0x1e;

/** Any control character but the one that means something here. */
const OTHER_CONTROL: u8 = 0x1f;
const PERCENT: u8 = 0x25;
const SLASH: u8 = 0x2f;
const BACKSLASH: u8 = 0x5c;
const DOT: u8 = 0x2e;
const SEMICOLON: u8 = 0x3b;
const LOWER_U: u8 = 0x75;
const SPACE: u8 = 0x20;
const QUESTION: u8 = 0x3f;
const HASH: u8 = 0x23;

/**
 * One round of what upstreams decode in a path, in the first `length` bytes in place: `%XX`, IIS's `%uXXXX` of ASCII, the
 * full-width dot and slashes in UTF-8 or as `%uFF0E` and the like. A slash or backslash that comes out is `DECODED_SLASH`. Gives the new length; an unchanged
 * length means unchanged bytes.
 */
export function decodePath(text: Uint8Array, length: i32): i32 {
  let read = 0;
  let write = 0;
  while (read < length) {
    let byte = unchecked(text[read]);
    let size = 1;
    if (byte == PERCENT) {
      const wide = read + 5 < length && (unchecked(text[read + 1]) | 0x20) == LOWER_U;
      const page = wide ? hexPair(text, read + 2) : 0;
      const at = wide ? read + 4 : read + 1;
      let decoded = at + 1 < length ? hexPair(text, at) : -1;
      if (wide && decoded >= 0) decoded = page == 0xff ? fullWidthPunctuation(decoded) : page == 0 ? decoded : -1;
      if (decoded >= 0 && (!wide || decoded < 0x80)) {
        byte = <u8>decoded;
        size = at + 2 - read;
      }
    } else if (byte == 0xef && read + 2 < length && isFullWidthPunctuation(text, read)) {
      byte = unchecked(text[read + 2]) == 0x8e ? DOT : SLASH;
      size = 3;
    }
    if (size > 1) {
      if (byte == DECODED_SLASH) byte = OTHER_CONTROL;
      else if (byte == SLASH || byte == BACKSLASH) byte = DECODED_SLASH;
    }
    unchecked((text[write++] = byte));
    read += size;
  }
  return write;
}

/**
 * The path as a lenient upstream routes it: empty segments merged, `;parameters` removed; with `splitDecoded` a decoded
 * slash separates too. Writes to `out` (as long as `text`), gives the length; -1: there is a dot segment.
 */
export function normalisePath(text: Uint8Array, length: i32, splitDecoded: bool, out: Uint8Array): i32 {
  let write = 0;
  let start = 0;
  let inParameters = false;
  for (let read = 0; read <= length; read++) {
    const byte = read < length ? unchecked(text[read]) : SLASH;
    if (byte != SLASH && !(splitDecoded && byte == DECODED_SLASH)) {
      inParameters = inParameters || byte == SEMICOLON;
      if (!inParameters) unchecked((out[write++] = byte));
      continue;
    }
    if (isDotSegment(out, start, write)) return -1;
    inParameters = false;
    if (read == length || (write > 0 && write == start)) continue;
    unchecked((out[write++] = SLASH));
    start = write;
  }
  return write;
}

/**
 * UTF-8 that is overlong (RFC 3629, section 3): C0 and C1 before what a reader may go on with, E0 before 80 to 9F, F0 before
 * 80 to 8F. Before anything else they are letters of Latin-1.
 */
export function hasOverlong(text: Uint8Array, length: i32): bool {
  for (let i = 0; i < length; i++) {
    const byte = unchecked(text[i]);
    if (byte < 0xc0) continue;
    const next = i + 1 < length ? unchecked(text[i + 1]) : 0;
    if (byte < 0xc2 && continuesOverlong(next)) return true;
    if ((byte == 0xe0 && next >= 0x80 && next < 0xa0) || (byte == 0xf0 && next >= 0x80 && next < 0x90)) return true;
  }
  return false;
}

/**
 * A continuation byte, or one of which readers that look at six bits alone make a dot or a slash: 1C, 2E, 2F and 5C, also
 * in the form that `decodePath` gives slashes, and `%`, behind which there may be one.
 */
function continuesOverlong(byte: u8): bool {
  if ((byte & 0xc0) == 0x80 || byte == 0x1c || byte == DECODED_SLASH) return true;
  return byte == DOT || byte == SLASH || byte == BACKSLASH || byte == PERCENT;
}

/**
 * `.` or `..`, also with what an upstream cuts off: from `?` or `#` on, and spaces and dots at the end (Windows). Three
 * dots and more are a name.
 */
function isDotSegment(text: Uint8Array, start: i32, end: i32): bool {
  let dots = start;
  while (dots < end && unchecked(text[dots]) == DOT) dots += 1;
  if (dots == start) return false;
  let at = dots;
  while (at < end && (unchecked(text[at]) == SPACE || unchecked(text[at]) == DOT)) at += 1;
  if (at < end && unchecked(text[at]) != QUESTION && unchecked(text[at]) != HASH) return false;
  return at > dots || dots - start <= 2;
}

/** What the last byte of U+FF0E, U+FF0F and U+FF3C stands for; -1: another character. */
function fullWidthPunctuation(last: i32): i32 {
  return last == 0x0e ? DOT : last == 0x0f ? SLASH : last == 0x3c ? BACKSLASH : -1;
}

/** U+FF0E, U+FF0F, U+FF3C. */
function isFullWidthPunctuation(text: Uint8Array, at: i32): bool {
  if (unchecked(text[at + 1]) != 0xbc) return false;
  const last = unchecked(text[at + 2]);
  return last == 0x8e || last == 0x8f || last == 0xbc;
}

function hexPair(text: Uint8Array, at: i32): i32 {
  const high = hexDigit(unchecked(text[at]));
  const low = hexDigit(unchecked(text[at + 1]));
  return (high | low) < 0 ? -1 : (high << 4) | low;
}
