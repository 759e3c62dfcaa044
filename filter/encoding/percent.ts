import { hexDigit } from "./hex";

const PERCENT: u8 = 0x25;
const PLUS: u8 = 0x2b;
const SPACE: u8 = 0x20;

/**
 * Percent-decoding (RFC 3986, section 2.1) of the first `length` bytes in place: `%` and two hexadecimal digits become
 * their byte, anything else stays. Gives the new length; an unchanged length means unchanged bytes.
 */
export function decodePercent(text: Uint8Array, length: i32): i32 {
  let read = 0;
  let write = 0;
  while (read < length) {
    const byte = unchecked(text[read]);
    if (byte == PERCENT && read + 2 < length) {
      const high = hexDigit(unchecked(text[read + 1]));
      const low = hexDigit(unchecked(text[read + 2]));
      if ((high | low) >= 0) {
        unchecked((text[write++] = <u8>((high << 4) | low)));
        read += 3;
        continue;
      }
    }
    unchecked((text[write++] = byte));
    read += 1;
  }
  return write;
}

/**
 * `+` → space (application/x-www-form-urlencoded) in the first `length` bytes, in place; to be done before the
 * percent-decoding. Gives whether there was any.
 */
export function decodePlus(text: Uint8Array, length: i32): bool {
  let changed = false;
  for (let i = 0; i < length; i++) {
    if (unchecked(text[i]) != PLUS) continue;
    unchecked((text[i] = SPACE));
    changed = true;
  }
  return changed;
}
