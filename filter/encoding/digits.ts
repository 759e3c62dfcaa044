const ZERO: u32 = 0x30;
/** More than of any length in bytes or time in seconds that can matter. */
const MANY_DIGITS: i32 = 15;

/** The number that decimal digits alone make, `i64.MAX_VALUE` where they are more than fifteen; -1: it is something else. */
export function readDigits(text: Uint8Array): i64 {
  if (text.length == 0) return -1;
  let number: i64 = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = <u32>unchecked(text[i]) - ZERO;
    if (digit > 9) return -1;
    number = i < MANY_DIGITS ? number * 10 + digit : i64.MAX_VALUE;
  }
  return number;
}
