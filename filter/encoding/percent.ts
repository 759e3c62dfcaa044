import { hexDigit } from "./hex";
import { rewrite } from "./rewrite";

const PERCENT: u8 = 0x25;
const PLUS: u8 = 0x2b;
const SPACE: u8 = 0x20;

/**
 * Percent-decoding (RFC 3986, section 2.1) of the first `length` bytes in place: `%` and two hexadecimal digits become
 * their byte, anything else stays. Gives the new length; an unchanged length means unchanged bytes.
 */
export function decodePercent(text: Uint8Array, length: i32): i32 {
  const pass = rewrite(text, length);
  while (pass.seek(PERCENT, PERCENT)) {
    const at = pass.read;
    const high = at + 2 < length ? hexDigit(unchecked(text[at + 1])) : -1;
    const low = high >= 0 ? hexDigit(unchecked(text[at + 2])) : -1;
    if (low >= 0) pass.put(<u8>((high << 4) | low), 3);
    else pass.keep();
  }
  return pass.finish();
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
