import { readDigits } from "../encoding/digits";
import { parseDecimal } from "./decimal";

/** Digits of whole seconds: well beyond the year 9999. Milliseconds given by mistake have more and are refused. */
const MAX_DIGITS: i32 = 12;
/** Digits of milliseconds within a second. */
const MILLI_DIGITS: i32 = 3;

/**
 * A NumericDate (RFC 7519 section 2), a number of JSON by its value, as Unix milliseconds, finer fractions cut off; -1:
 * negative, or too large.
 */
export function numericDateMillis(text: Uint8Array): i64 {
  const seconds = text.length <= MAX_DIGITS ? readDigits(text) : -1;
  return seconds >= 0 ? seconds * 1000 : millisOf(text);
}

/** Of a number with a point or an exponent. */
function millisOf(text: Uint8Array): i64 {
  const date = parseDecimal(text);
  if (date === null || date.negative) return -1;
  const digits = date.digits;
  const count = digits.length + date.exponent;
  if (count > MAX_DIGITS) return -1;
  let millis: i64 = 0;
  for (let i = 0; i < count + MILLI_DIGITS; i++) {
    millis = millis * 10 + (i < digits.length ? unchecked(digits[i]) - 0x30 : 0);
  }
  return millis;
}
