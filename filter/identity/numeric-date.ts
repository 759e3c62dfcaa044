/** Digits before the point: up to the year 5138. Milliseconds given by mistake have more and are refused. */
const MAX_DIGITS: i32 = 11;

/**
 * A NumericDate (RFC 7519 section 2) in the grammar of RFC 8259 section 6 as Unix milliseconds, finer fractions cut off;
 * -1: negative, with an exponent, or too large.
 */
export function numericDateMillis(text: Uint8Array): i64 {
  let at = 0;
  let seconds: i64 = 0;
  for (; at < text.length && isDigit(text[at]); at++) {
    if (at == MAX_DIGITS) return -1;
    seconds = seconds * 10 + (text[at] - 0x30);
  }
  if (at == 0) return -1;
  let millis: i64 = 0;
  if (at < text.length) {
    if (text[at] != 0x2e) return -1;
    at += 1;
    for (let unit: i64 = 100; at < text.length; at++) {
      if (!isDigit(text[at])) return -1;
      millis += unit * (text[at] - 0x30);
      unit /= 10;
    }
  }
  return seconds * 1000 + millis;
}

function isDigit(byte: u32): bool {
  return byte - 0x30 < 10;
}
