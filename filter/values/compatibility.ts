import { rewrite } from "../encoding/rewrite";
import { isWhitespace } from "./spacing";

/**
 * Characters that a lenient decoder takes for ASCII, folded in place in the first `length` bytes. Each function gives
 * the new length; an unchanged length means unchanged bytes.
 */

const SLASH: u8 = 0x2f;
const BACKSLASH: u8 = 0x5c;
const DOT: u8 = 0x2e;
const FULL_WIDTH_LEAD: u8 = 0xef;
const NUL: u8 = 0;
const MIN_WIDE_BYTES = 6;

/**
 * Overlong UTF-8 of an ASCII character, forbidden by RFC 3629 section 3: C0/C1 with one further byte, E0 80 to 81 and
 * F0 80 80 to 81 with their last. After C0/C1 also a byte that is no continuation (`%c1%1c`) where it gives `/`, `\` or `.`.
 */
export function foldOverlong(text: Uint8Array, length: i32): i32 {
  const pass = rewrite(text, length);
  while (pass.seekLead()) {
    const at = pass.read;
    const byte = unchecked(text[at]);
    let lead = at;
    if (byte == 0xe0) lead = at + 1;
    else if (byte == 0xf0 && at + 1 < length && unchecked(text[at + 1]) == 0x80) lead = at + 2;
    if (lead + 1 < length) {
      const second = unchecked(text[lead]);
      const expected: u8 = lead == at ? 0xc0 : 0x80;
      if ((second & 0xfe) == expected) {
        const last = unchecked(text[lead + 1]);
        const character = ((second & 1) << 6) | (last & 0x3f);
        const lenient = expected == 0xc0 && (character == SLASH || character == BACKSLASH || character == DOT);
        if ((last & 0xc0) == 0x80 || lenient) {
          pass.put(character, lead + 2 - at);
          continue;
        }
      }
    }
    pass.keep();
  }
  return pass.finish();
}

/** Full-width forms U+FF01 to U+FF5E (EF BC 81 to EF BD 9E) → `!` to `~`. */
export function foldFullWidth(text: Uint8Array, length: i32): i32 {
  const pass = rewrite(text, length);
  while (pass.seek(FULL_WIDTH_LEAD, FULL_WIDTH_LEAD)) {
    const at = pass.read;
    const inside = at + 2 < length;
    const second = inside ? unchecked(text[at + 1]) : 0;
    const last = inside ? unchecked(text[at + 2]) : 0;
    const offset = ((<i32>second - 0xbc) << 6) + (<i32>last - 0x80);
    if ((last & 0xc0) == 0x80 && offset >= 1 && offset <= 0x5e) pass.put(<u8>(0x20 + offset), 3);
    else pass.keep();
  }
  return pass.finish();
}

/**
 * ASCII in UTF-16 of either byte order, found by at least three bytes that each follow a NUL: their NULs go. Anything
 * else that holds a NUL stays.
 */
export function foldWide(text: Uint8Array, length: i32): i32 {
  const pass = rewrite(text, length);
  while (pass.seek(NUL, NUL)) {
    const start = pass.read;
    let end = start;
    while (end + 1 < length && unchecked(text[end]) == NUL && isText(unchecked(text[end + 1]))) end += 2;
    if (end - start < MIN_WIDE_BYTES) {
      pass.keep();
      continue;
    }
    while (pass.read < end) {
      pass.drop(1);
      pass.keep();
    }
    if (end < length && unchecked(text[end]) == NUL) pass.drop(1);
  }
  return pass.finish();
}

function isText(byte: u8): bool {
  return (byte >= 0x20 && byte < 0x7f) || isWhitespace(byte);
}
