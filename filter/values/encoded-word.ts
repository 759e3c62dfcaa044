import { hexDigit } from "../encoding/hex";
import { isLetterOrDigit } from "../encoding/letter-or-digit";
import { rewrite } from "../encoding/rewrite";
import { decodeBase64At } from "./base64-text";
import { skipWhitespace } from "./content-type";
import { Decoding } from "./decoding";
import { Forms } from "./forms";

const EQUALS: u8 = 0x3d;
const QUESTION: u8 = 0x3f;
const UNDERSCORE: u8 = 0x5f;
const SPACE: u8 = 0x20;
const DOT: u8 = 0x2e;
const LOWER_B: u8 = 0x62;
const LOWER_Q: u8 = 0x71;
/** No character set has a longer name. */
const MAX_CHARSET_BYTES = 40;

/**
 * Whether it has an encoded word with more in it than letters, digits, single dots and `+ - / = _`: without them nothing
 * can be meant for one who reads it as it came. Linear.
 */
export function hasOddEncodedWord(text: Uint8Array): bool {
  for (let at = text.indexOf(EQUALS); at >= 0; at = text.indexOf(EQUALS, at + 1)) {
    const start = contentStart(text, at);
    if (start < 0) continue;
    const end = contentEnd(text, start);
    if (end < 0) return false;
    if (isOdd(text, at + 2, start - 3) || isOdd(text, start, end)) return true;
    at = end;
  }
  return false;
}

function isOdd(text: Uint8Array, start: i32, end: i32): bool {
  for (let i = start; i < end; i++) {
    const byte = unchecked(text[i]);
    const known = isLetterOrDigit(byte) || byte == EQUALS || byte == UNDERSCORE || byte == 0x2b || byte == 0x2d;
    if (!known && byte != 0x2f && (byte != DOT || unchecked(text[i + 1]) == DOT)) return true;
  }
  return false;
}

/** `=?charset?B|Q?text?=` (RFC 2047, section 2), whatever the character set; whitespace between two of them goes. */
export function decodeEncodedWords(raw: Uint8Array, told: Forms | null): Uint8Array {
  if (!raw.includes(QUESTION)) return raw;
  const text = raw.slice();
  const length = text.length;
  const pass = rewrite(text, length);
  let last = -1;
  while (pass.seek(EQUALS, EQUALS)) {
    const start = contentStart(text, pass.read);
    const end = start < 0 ? -1 : contentEnd(text, start);
    if (end < 0) {
      if (start >= 0) break;
      pass.keep();
      continue;
    }
    pass.drop(start - pass.read);
    if ((unchecked(text[start - 2]) | 0x20) == LOWER_B) {
      pass.resume(end, decodeBase64At(text, start, end, pass.write));
    } else {
      while (pass.read < end) {
        const byte = unchecked(text[pass.read]);
        const escaped = byte == EQUALS && pass.read + 2 < end;
        const high = escaped ? hexDigit(unchecked(text[pass.read + 1])) : -1;
        const low = escaped ? hexDigit(unchecked(text[pass.read + 2])) : -1;
        if ((high | low) >= 0) pass.put(<u8>((high << 4) | low), 3);
        else if (byte == UNDERSCORE) pass.put(SPACE, 1);
        else pass.keep();
      }
    }
    last = end + 2;
    const next = skipWhitespace(text, last);
    pass.drop((contentStart(text, next) < 0 ? last : next) - end);
  }
  if (last >= 0 && told !== null) told.apply(<u8>Decoding.EncodedWord);
  return text.subarray(0, pass.finish());
}

/** Where the text of the encoded word at `at` begins; -1: there is none. */
function contentStart(text: Uint8Array, at: i32): i32 {
  if (at + 1 >= text.length || unchecked(text[at]) != EQUALS || unchecked(text[at + 1]) != QUESTION) return -1;
  const limit = min(text.length, at + 2 + MAX_CHARSET_BYTES);
  let mark = at + 2;
  while (mark < limit && unchecked(text[mark]) != QUESTION) mark += 1;
  if (mark >= limit || mark + 2 >= text.length || unchecked(text[mark + 2]) != QUESTION) return -1;
  const kind = unchecked(text[mark + 1]) | 0x20;
  return kind == LOWER_B || kind == LOWER_Q ? mark + 3 : -1;
}

/** Where its closing `?=` stands; -1: it has none. */
function contentEnd(text: Uint8Array, at: i32): i32 {
  for (; at + 1 < text.length; at++) {
    if (unchecked(text[at]) == QUESTION && unchecked(text[at + 1]) == EQUALS) return at;
  }
  return -1;
}
