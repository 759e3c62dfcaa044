import { hexDigit } from "../encoding/hex";
import { rewrite } from "../encoding/rewrite";
import { isTextByte } from "./base64-text";

/** Fewer digits are text by chance too often: colours, numbers, short identifiers. */
const MIN_DIGITS = 24;
/** Below so many digits one must be a letter: numbers are seldom longer. */
const MOST_OF_NUMBER = 40;
/** From so many bytes on one in eight may be no text; below, all must be ASCII: digests and object identifiers are as long. */
const LENIENT_BYTES = 24;
/** So many more may be none while it is read. */
const PENDING_BYTES = 2;
const ZERO: u8 = 0x30;
const LOWER_X: u8 = 0x78;

/** Whether the first `length` bytes are text in hexadecimal digits, behind `0x` or alone. */
export function isHexText(text: Uint8Array, length: i32): bool {
  const start = digitsStart(text, length);
  if (length - start < MIN_DIGITS || ((length - start) & 1) != 0) return false;
  const most = (length - start) >> 1;
  let decoded = 0;
  let others = 0;
  let hasLetter = false;
  for (let at = start; at < length; at += 2) {
    const high = hexDigit(unchecked(text[at]));
    const low = hexDigit(unchecked(text[at + 1]));
    if ((high | low) < 0) return false;
    hasLetter = hasLetter || high > 9 || low > 9;
    decoded += 1;
    if (isTextByte(<u8>((high << 4) | low))) continue;
    others += 1;
    if (most < LENIENT_BYTES || others > PENDING_BYTES + (decoded >> 3)) return false;
  }
  return (hasLetter || length - start >= MOST_OF_NUMBER) && others * 8 <= decoded;
}

/** Decodes what is, in place; gives the new length. */
export function decodeHexText(text: Uint8Array, length: i32): i32 {
  const pass = rewrite(text, length);
  pass.drop(digitsStart(text, length));
  while (pass.read < length) {
    const high = hexDigit(unchecked(text[pass.read]));
    pass.put(<u8>((high << 4) | hexDigit(unchecked(text[pass.read + 1]))), 2);
  }
  return pass.finish();
}

function digitsStart(text: Uint8Array, length: i32): i32 {
  return length > 2 && unchecked(text[0]) == ZERO && (unchecked(text[1]) | 0x20) == LOWER_X ? 2 : 0;
}
