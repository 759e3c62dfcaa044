/**
 * Characters that a lenient decoder takes for ASCII, folded in place in the first `length` bytes. Both functions give
 * the new length; an unchanged length means unchanged bytes.
 */

const SLASH: u8 = 0x2f;
const BACKSLASH: u8 = 0x5c;
const DOT: u8 = 0x2e;

/**
 * Overlong UTF-8 of an ASCII character, forbidden by RFC 3629 section 3: C0/C1 with one further byte, E0 80 to 81 and
 * F0 80 80 to 81 with their last. After C0/C1 also a byte that is no continuation (`%c1%1c`) where it gives `/`, `\` or `.`.
 */
export function foldOverlong(text: Uint8Array, length: i32): i32 {
  let read = 0;
  let write = 0;
  while (read < length) {
    const byte = unchecked(text[read]);
    let lead = read;
    if (byte == 0xe0) lead = read + 1;
    else if (byte == 0xf0 && read + 1 < length && unchecked(text[read + 1]) == 0x80) lead = read + 2;
    if (byte >= 0xc0 && lead + 1 < length) {
      const second = unchecked(text[lead]);
      const expected: u8 = lead == read ? 0xc0 : 0x80;
      if ((second & 0xfe) == expected) {
        const last = unchecked(text[lead + 1]);
        const character = ((second & 1) << 6) | (last & 0x3f);
        const lenient = expected == 0xc0 && (character == SLASH || character == BACKSLASH || character == DOT);
        if ((last & 0xc0) == 0x80 || lenient) {
          unchecked((text[write++] = character));
          read = lead + 2;
          continue;
        }
      }
    }
    unchecked((text[write++] = byte));
    read += 1;
  }
  return write;
}

/** Full-width forms U+FF01 to U+FF5E (EF BC 81 to EF BD 9E) → `!` to `~`. */
export function foldFullWidth(text: Uint8Array, length: i32): i32 {
  let read = 0;
  let write = 0;
  while (read < length) {
    const byte = unchecked(text[read]);
    if (byte == 0xef && read + 2 < length) {
      const second = unchecked(text[read + 1]);
      const last = unchecked(text[read + 2]);
      const offset = ((<i32>second - 0xbc) << 6) + (<i32>last - 0x80);
      if ((last & 0xc0) == 0x80 && offset >= 1 && offset <= 0x5e) {
        unchecked((text[write++] = <u8>(0x20 + offset)));
        read += 3;
        continue;
      }
    }
    unchecked((text[write++] = byte));
    read += 1;
  }
  return write;
}
