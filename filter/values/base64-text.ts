import { findByte } from "../encoding/find-byte";
import { hexDigit } from "../encoding/hex";
import { trace } from "../encoding/trace";

/**
 * Base64 (RFC 4648) as attacks come in it: either alphabet or both mixed, padding optional, line breaks skipped, a last
 * digit too many ignored. Only what decodes to text counts, so identifiers, hexadecimal digests and random tokens stay
 * what they are.
 */

/** Fewer letters can't be base64 of `MIN_DECODED_BYTES`. */
export const MIN_BASE64_LENGTH = 11;
const MIN_DECODED_BYTES = 8;
/** From this many bytes on, one in eight may be no text; below, all must be ASCII: in 11 to 21 letters chance is too likely. */
const LENIENT_BYTES = 16;
/** Bytes of a character of UTF-8 that may yet turn out to be text. */
const PENDING_BYTES = 3;
const MAX_PADDING = 2;
const EQUALS: u8 = 0x3d;
const SPACE: u8 = 0x20;

const SKIP: i8 = -1;
const FOREIGN: i8 = -2;

/** Sextet of each byte; SKIP: line break; FOREIGN: not of the alphabets. */
const sextets = new StaticArray<i8>(256);

function fillSextets(): void {
  for (let i = 0; i < 256; i++) sextets[i] = FOREIGN;
  for (let i = 0; i < 26; i++) {
    sextets[0x41 + i] = <i8>i;
    sextets[0x61 + i] = <i8>(26 + i);
  }
  for (let i = 0; i < 10; i++) sextets[0x30 + i] = <i8>(52 + i);
  sextets[0x2b] = sextets[0x2d] = sextets[0x20] = 62;
  sextets[0x2f] = sextets[0x5f] = 63;
  sextets[0x0a] = sextets[0x0d] = SKIP;
}
fillSextets();

/** Whether a byte may stand in base64 (without padding). */
export function isBase64Byte(byte: u8): bool {
  return unchecked(sextets[byte]) != FOREIGN;
}

/** Whether it is one of the digits of either alphabet, and no space. */
export function isAlphabetDigit(byte: u8): bool {
  return byte != SPACE && unchecked(sextets[byte]) >= 0;
}

/** Of such a digit. */
export function sextetOf(digit: u8): i32 {
  return unchecked(sextets[digit]);
}

/** Whether the first `length` bytes hold one that only base64url has. */
export function hasUrlAlphabet(text: Uint8Array, length: i32): bool {
  for (let i = 0; i < length; i++) {
    const byte = unchecked(text[i]);
    if (byte == 0x2d || byte == 0x5f) return true;
  }
  return false;
}

/** Whether a decoded byte is ASCII that stands in text. */
export function isTextByte(byte: u8): bool {
  return (byte >= 0x20 && byte < 0x7f) || byte == 0x09 || byte == 0x0a || byte == 0x0d;
}

/** How a space is read. */
export const enum Base64Space {
  /** As the `+` that a form decoder made one of. */
  Plus = 62,
  /** As nothing: lenient decoders skip whitespace. */
  Skipped = -1,
}

/** Whether the range `start` to `end` of `text` is base64 of text; digests, UUIDs and numbers are none. Reads only. */
export function isBase64Text(text: Uint8Array, start: i32, end: i32, space: Base64Space = Base64Space.Plus): bool {
  let stop = end;
  while (stop > start && end - stop < MAX_PADDING && unchecked(text[stop - 1]) == EQUALS) stop--;
  const most = ((stop - start) * 3) >> 2;
  const tolerated = most < LENIENT_BYTES ? 0 : (most >> 3) + PENDING_BYTES;
  let digits = 0;
  let bits: u32 = 0;
  let decoded = 0;
  let multibyte = 0;
  let ascii = 0;
  let continuation = 0;
  let sequence = 0;
  /** NUL bytes at even and at odd positions: one in two is UTF-16. */
  let evenNuls = 0;
  let oddNuls = 0;
  let isHexadecimal = true;
  for (let i = start; i < stop; i++) {
    const digit = unchecked(text[i]);
    const sextet = digit == SPACE ? <i8>space : unchecked(sextets[digit]);
    isHexadecimal = isHexadecimal && (digit == 0x2d || hexDigit(digit) >= 0);
    if (sextet == SKIP) continue;
    if (sextet == FOREIGN) return false;
    bits = (bits << 6) | <u32>sextet;
    digits += 1;
    if ((digits & 3) == 1) continue;
    const byte = <u8>(bits >> (6 - 2 * ((digits - 1) & 3)));
    decoded += 1;
    if (byte >= 0xc2 && byte < 0xf5) {
      continuation = sequence = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    } else if (byte >= 0x80) {
      if (continuation > 0 && byte < 0xc0 && --continuation == 0) multibyte += sequence + 1;
    } else {
      continuation = 0;
      if (isTextByte(byte)) ascii += 1;
      else if (byte == 0 && (decoded & 1) == 0) oddNuls += 1;
      else if (byte == 0) evenNuls += 1;
    }
    if (decoded - ascii - multibyte - evenNuls - oddNuls > tolerated) return false;
  }
  if (isHexadecimal || decoded < MIN_DECODED_BYTES) return false;
  if (decoded < LENIENT_BYTES) return ascii == decoded;
  const nuls = max(evenNuls, oddNuls);
  const wide = nuls * 8 >= decoded * 3 ? nuls : 0;
  return (multibyte + ascii + wide) * 8 >= decoded * 7;
}

/** How a space must be read for the first `length` bytes to be base64 of text; 0: they are none. */
export function base64Space(text: Uint8Array, length: i32): i32 {
  if (holdsForeign(text, length)) return 0;
  if (isBase64Text(text, 0, length)) return Base64Space.Plus;
  if (findByte(text, 0, length, SPACE) == length) return 0;
  return isBase64Text(text, 0, length, Base64Space.Skipped) ? Base64Space.Skipped : 0;
}

/** Whether among the first `length` bytes, without padding, is one of no alphabet: sixteen are looked at at once. */
function holdsForeign(text: Uint8Array, length: i32): bool {
  const data = text.dataStart;
  let end = length;
  while (end > 0 && length - end < MAX_PADDING && load<u8>(data + end - 1) == EQUALS) end--;
  let at = 0;
  for (; at + 16 <= end; at += 16) {
    const chunk = v128.load(data + at);
    const lower = v128.or(chunk, i8x16.splat(0x20));
    const letter = i8x16.lt_u(i8x16.sub(lower, i8x16.splat(0x61)), i8x16.splat(26));
    const digitOrSlash = i8x16.lt_u(i8x16.sub(chunk, i8x16.splat(0x2f)), i8x16.splat(11));
    const plus = v128.or(i8x16.eq(chunk, i8x16.splat(0x2b)), i8x16.eq(chunk, i8x16.splat(0x2d)));
    const line = v128.or(i8x16.eq(chunk, i8x16.splat(0x5f)), i8x16.eq(chunk, i8x16.splat(0x20)));
    const skipped = v128.or(i8x16.eq(chunk, i8x16.splat(0x0a)), i8x16.eq(chunk, i8x16.splat(0x0d)));
    const others = v128.or(plus, v128.or(line, skipped));
    if (!i8x16.all_true(v128.or(v128.or(letter, digitOrSlash), others))) return true;
  }
  for (; at < end; at++) if (!isBase64Byte(load<u8>(data + at))) return true;
  return false;
}

/** Decodes a range of base64 to `write` in the same bytes, `write` ≤ `start`; gives the end. Foreign bytes are skipped. */
export function decodeBase64At(text: Uint8Array, start: i32, end: i32, write: i32, space: i32 = Base64Space.Plus): i32 {
  let digits = 0;
  let bits: u32 = 0;
  /** The quantum that is read, and where what it becomes begins. */
  let quantum = start;
  let written = write;
  for (let i = start; i < end; i++) {
    const digit = unchecked(text[i]);
    const sextet = digit == SPACE ? <i8>space : unchecked(sextets[digit]);
    if (sextet < 0) continue;
    bits = (bits << 6) | <u32>sextet;
    digits += 1;
    const place = digits & 3;
    if (place == 1) {
      quantum = i;
      continue;
    }
    unchecked((text[write++] = <u8>(bits >> (6 - 2 * ((digits - 1) & 3)))));
    if (place != 0) continue;
    if (trace !== null) trace!.replaced(quantum, i + 1, written, write);
    quantum = i + 1;
    written = write;
  }
  if (trace !== null) trace!.replaced(quantum, end, written, write);
  return write;
}
