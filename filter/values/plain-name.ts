import { isLetterOrDigit } from "../encoding/letter-or-digit";
import { isBase64Text, MIN_BASE64_LENGTH } from "./base64-text";

const MAX_PLAIN_LENGTH = 64;

/**
 * Whether a field's name can't carry an attack: a short identifier of letters, digits, `_`, `-` and `.` that is no base64
 * of a text. Only other names are values of their own, so that an everyday request has half as many.
 */
export function isPlainName(text: Uint8Array, start: i32, end: i32): bool {
  if (end - start > MAX_PLAIN_LENGTH) return false;
  for (let i = start; i < end; i++) {
    const byte = unchecked(text[i]);
    if (!isLetterOrDigit(byte) && byte != 0x5f && byte != 0x2d && byte != 0x2e) return false;
  }
  return end - start < MIN_BASE64_LENGTH || !isBase64Text(text, start, end);
}
