import { isLetterOrDigit } from "../encoding/letter-or-digit";
import { breaksBrands, breaksTokens } from "./header-grammar";

const SPACE: u8 = 0x20;
const QUESTION: u8 = 0x3f;
const OPEN: u8 = 0x28;
const CLOSE: u8 = 0x29;
/** A year, or a number with a letter. */
const MAX_GROUP_BYTES = 4;

/** Tokens, or one structured boolean (RFC 9651, section 3.3.6). */
export function breaksSecToken(value: Uint8Array): bool {
  if (value.length == 2 && value[0] == QUESTION && (value[1] == 0x30 || value[1] == 0x31)) return false;
  return breaksTokens(value);
}

/**
 * Models, platforms and the like: strings of few words, which hold no signs but for a group like that of
 * `moto g power (2021)`. The made-up brands of Chromium stand in other headers.
 */
export function breaksClientHint(value: Uint8Array): bool {
  if (breaksBrands(value)) return true;
  if (!value.includes(SPACE)) return false;
  for (let at = 0; at < value.length; at++) {
    const byte = unchecked(value[at]);
    // `#`, `*`, `;` and `=`
    if (byte == CLOSE || byte == 0x23 || byte == 0x2a || byte == 0x3b || byte == 0x3d) return true;
    if (byte != OPEN) continue;
    const end = groupEnd(value, at);
    if (end < 0) return true;
    at = end;
  }
  return false;
}

/** Of the few letters and digits in parentheses at `at`, a space before them, the closing one; -1: it is more, or less. */
function groupEnd(value: Uint8Array, at: i32): i32 {
  if (at == 0 || value[at - 1] != SPACE) return -1;
  let end = at + 1;
  while (end < value.length && isLetterOrDigit(unchecked(value[end]))) end += 1;
  const size = end - at - 1;
  return size > 0 && size <= MAX_GROUP_BYTES && end < value.length && value[end] == CLOSE ? end : -1;
}
