import { hexDigit } from "../encoding/hex";

/**
 * Base64 (RFC 4648) as attacks come in it: either alphabet or both mixed, padding optional, line breaks skipped, and a
 * space read as the `+` that a form decoder made of it. Only what decodes to text counts, so identifiers, hexadecimal
 * digests and random tokens stay what they are.
 */

/** Fewer letters can't be base64 of `MIN_DECODED_BYTES`. */
export const MIN_BASE64_LENGTH = 11;
const MIN_DECODED_BYTES = 8;
/** From this many bytes on, one in eight may be no text; below, all must be ASCII: in 11 to 21 letters chance is too likely. */
const LENIENT_BYTES = 16;
/** What is not text after so many bytes will not become it. */
const PROBE_BYTES = 32;
const MAX_PADDING = 2;
const EQUALS: u8 = 0x3d;
const COMMA: u8 = 0x2c;
const SPACE: u8 = 0x20;
/** "base" and "64" as they are loaded, little-endian. */
const BASE: u32 = 0x65736162;
const SIXTY_FOUR: u16 = 0x3436;
const LOWER_CASE: u32 = 0x20202020;

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

/** Whether the first `length` bytes hold one that only base64url has. */
export function hasUrlAlphabet(text: Uint8Array, length: i32): bool {
  for (let i = 0; i < length; i++) {
    const byte = unchecked(text[i]);
    if (byte == 0x2d || byte == 0x5f) return true;
  }
  return false;
}

/** Whether the range `start` to `end` of `text` is base64 of text; digests, UUIDs and numbers are none. Reads only. */
export function isBase64Text(text: Uint8Array, start: i32, end: i32): bool {
  let stop = end;
  while (stop > start && end - stop < MAX_PADDING && unchecked(text[stop - 1]) == EQUALS) stop--;
  let digits = 0;
  let bits: u32 = 0;
  let decoded = 0;
  let multibyte = 0;
  let ascii = 0;
  let continuation = 0;
  let sequence = 0;
  let isHexadecimal = true;
  for (let i = start; i < stop; i++) {
    const digit = unchecked(text[i]);
    const sextet = unchecked(sextets[digit]);
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
      if ((byte >= 0x20 && byte < 0x7f) || byte == 0x09 || byte == 0x0a || byte == 0x0d) ascii += 1;
    }
    if (decoded == PROBE_BYTES && multibyte + ascii < PROBE_BYTES / 2) return false;
  }
  if (isHexadecimal || decoded < MIN_DECODED_BYTES || (digits & 3) == 1) return false;
  return decoded < LENIENT_BYTES ? ascii == decoded : (multibyte + ascii) * 8 >= decoded * 7;
}

/** Decodes a range for which `isBase64Text` holds to `write` in the same bytes, `write` ≤ `start`; gives the end. */
export function decodeBase64At(text: Uint8Array, start: i32, end: i32, write: i32): i32 {
  let digits = 0;
  let bits: u32 = 0;
  for (let i = start; i < end; i++) {
    const sextet = unchecked(sextets[unchecked(text[i])]);
    if (sextet < 0) continue;
    bits = (bits << 6) | <u32>sextet;
    digits += 1;
    if ((digits & 3) != 1) unchecked((text[write++] = <u8>(bits >> (6 - 2 * ((digits - 1) & 3)))));
  }
  return write;
}

/** The content of every `base64,` (RFC 2397) in the first `length` bytes that is text, decoded in place; the new length. */
export function decodeDataUrls(text: Uint8Array, length: i32): i32 {
  let read = 0;
  let write = 0;
  while (read < length) {
    const byte = unchecked(text[read++]);
    unchecked((text[write++] = byte));
    if (byte != COMMA || !endsWithBase64(text, write - 1)) continue;
    let end = read;
    while (end < length && isDataUrlByte(unchecked(text[end]))) end += 1;
    if (isBase64Text(text, read, end)) {
      write = decodeBase64At(text, read, end, write);
    } else {
      memory.copy(text.dataStart + write, text.dataStart + read, end - read);
      write += end - read;
    }
    read = end;
  }
  return write;
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
