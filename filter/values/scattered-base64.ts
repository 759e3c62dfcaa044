import { hexDigit } from "../encoding/hex";
import { isAlphabetDigit, isTextByte, sextetOf } from "./base64-text";

/** Of fewer bytes chance makes text too often; below `LENIENT_BYTES` each must be ASCII, from there on seven in eight. */
const MIN_DECODED_BYTES = 10;
const LENIENT_BYTES = 16;
/** So many bytes more may be no text while it is read. */
const PENDING_BYTES = 2;
const DASH: u8 = 0x2d;

/**
 * Whether the digits among the first `length` bytes are base64 of text once all other bytes are left out, as lenient decoders
 * do (those of PHP, Python, Ruby and Node; RFC 4648, section 3.3). Digits, UUIDs and prose are none, and told so within a few.
 */
export function isScatteredBase64(text: Uint8Array, length: i32): bool {
  let digits = 0;
  let bits: u32 = 0;
  let decoded = 0;
  let others = 0;
  let isHexadecimal = true;
  for (let i = 0; i < length; i++) {
    const digit = unchecked(text[i]);
    if (!isAlphabetDigit(digit)) continue;
    isHexadecimal = isHexadecimal && (digit == DASH || hexDigit(digit) >= 0);
    bits = (bits << 6) | <u32>sextetOf(digit);
    digits += 1;
    if ((digits & 3) == 1) continue;
    const byte = <u8>(bits >> (6 - 2 * ((digits - 1) & 3)));
    decoded += 1;
    if (!isTextByte(byte) && ++others > PENDING_BYTES + (decoded >> 3)) return false;
  }
  if (isHexadecimal || decoded < MIN_DECODED_BYTES) return false;
  return decoded < LENIENT_BYTES ? others == 0 : others * 8 <= decoded;
}
