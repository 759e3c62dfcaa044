import { bytes } from "proxy-wasm-as/bytes";
import { decodeBase64At, isBase64Byte, isBase64Text, isTextByte, sextetOf } from "./base64-text";
import { matchesAt } from "./content-type";
import { MIN_RUN_BYTES } from "./text-runs";

/** Fewer digits hold no run of text of `MIN_RUN_BYTES`. */
const MIN_DIGITS = 32;
const MAX_PADDING = 2;
const DATA = bytes("data:");
const COMMA: u8 = 0x2c;
const EQUALS: u8 = 0x3d;
const UNDERSCORE: u8 = 0x5f;

/**
 * What a value, or the `data:` URL that it is, is base64 of, where that is text with more bytes beside it than `isBase64Text`
 * lets pass: of another character set, or of no meaning in a comment. For each of them stands `_`. null: it is nothing of the
 * kind. What holds a NUL is none: images, documents, archives and certificates do, and the names and addresses in them look
 * like attacks. Linear.
 */
export function mixedText(value: Uint8Array): Uint8Array | null {
  const start = matchesAt(value, 0, DATA) ? value.indexOf(COMMA) + 1 : 0;
  let end = value.length;
  while (end > start && value.length - end < MAX_PADDING && unchecked(value[end - 1]) == EQUALS) end -= 1;
  if (end - start < MIN_DIGITS || !holdsText(value, start, end) || isBase64Text(value, start, end)) return null;
  const digits = value.slice(start, end);
  const text = digits.subarray(0, decodeBase64At(digits, 0, digits.length, 0));
  for (let i = 0; i < text.length; i++) if (!isTextByte(unchecked(text[i]))) unchecked((text[i] = UNDERSCORE));
  return text;
}

/** Whether the range is base64 in which no NUL, but `MIN_RUN_BYTES` of ASCII stand in a row. */
function holdsText(value: Uint8Array, start: i32, end: i32): bool {
  let bits: u32 = 0;
  let digits = 0;
  let run = 0;
  let found = false;
  for (let i = start; i < end; i++) {
    const digit = unchecked(value[i]);
    if (!isBase64Byte(digit)) return false;
    const sextet = sextetOf(digit);
    if (sextet < 0) continue;
    bits = (bits << 6) | <u32>sextet;
    digits += 1;
    if ((digits & 3) == 1) continue;
    const byte = <u8>(bits >> (6 - 2 * ((digits - 1) & 3)));
    if (byte == 0) return false;
    run = isTextByte(byte) ? run + 1 : 0;
    found = found || run >= MIN_RUN_BYTES;
  }
  return found;
}
