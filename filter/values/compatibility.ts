import { rewrite } from "../encoding/rewrite";

/**
 * Characters that a lenient decoder takes for ASCII, folded in place in the first `length` bytes. Both functions give
 * the new length; an unchanged length means unchanged bytes.
 */

const SLASH: u8 = 0x2f;
const BACKSLASH: u8 = 0x5c;
const DOT: u8 = 0x2e;
const FULL_WIDTH_LEAD: u8 = 0xef;

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
