/**
 * Escapes of programming languages, decoded in place in the first `length` bytes. Each function gives the new length;
 * an unchanged length means unchanged bytes, because every escape is longer than what it stands for.
 */
import { hexDigit } from "./hex";
import { rewrite } from "./rewrite";

const BACKSLASH: u8 = 0x5c;
const PERCENT: u8 = 0x25;
const ZERO: u8 = 0x30;
const LOWER_U: u8 = 0x75;
const UPPER_U: u8 = 0x55;
const LOWER_X: u8 = 0x78;
const OPEN_BRACE: u8 = 0x7b;
const CLOSE_BRACE: u8 = 0x7d;
const LAST_CODE_POINT = 0x10ffff;
/** Of an escape with eight digits. */
const WIDE_BYTES = 10;

/**
 * `\uXXXX` with surrogate pairs, with several `u` (Java), `\UXXXXXXXX` (YAML, TOML, Python, C), `\u{X…}` (ECMAScript) and
 * `%uXXXX` (ECMAScript's `escape`, as IIS decodes it).
 */
export function decodeUnicodeEscapes(text: Uint8Array, length: i32): i32 {
  const pass = rewrite(text, length);
  while (pass.seek(BACKSLASH, PERCENT)) {
    const at = pass.read;
    if (at + 1 >= length || (unchecked(text[at + 1]) | 0x20) != LOWER_U) {
      pass.keep();
      continue;
    }
    const escaped = unchecked(text[at]) == BACKSLASH;
    const wide = escaped ? widePoint(text, at, length) : -1;
    if (wide >= 0) {
      pass.putPoint(min(wide, LAST_CODE_POINT), WIDE_BYTES);
      continue;
    }
    const digits = digitsFrom(text, at, length);
    const unit = codeUnit(text, digits, length);
    if (unit >= 0) {
      const next = digits + 4;
      const low = (unit & 0xfc00) == 0xd800 ? lowSurrogate(text, next, length, unchecked(text[at])) : 0;
      if (low == 0) pass.putPoint(unit, next - at);
      else {
        const point = 0x10000 + ((unit & 0x3ff) << 10) + (codeUnit(text, low, length) & 0x3ff);
        pass.putPoint(point, low + 4 - at);
      }
      continue;
    }
    const after = escaped ? bracedEnd(text, at + 2, length) : 0;
    if (after != 0) pass.putPoint(bracedPoint(text, at + 3, after - 1), after - at);
    else pass.keep();
  }
  return pass.finish();
}

/** `\xHH`. */
export function decodeHexEscapes(text: Uint8Array, length: i32): i32 {
  const pass = rewrite(text, length);
  while (pass.seek(BACKSLASH, BACKSLASH)) {
    const at = pass.read;
    const marked = at + 3 < length && (unchecked(text[at + 1]) | 0x20) == LOWER_X;
    const high = marked ? hexDigit(unchecked(text[at + 2])) : -1;
    const low = high >= 0 ? hexDigit(unchecked(text[at + 3])) : -1;
    if (low >= 0) pass.put(<u8>((high << 4) | low), 4);
    else pass.keep();
  }
  return pass.finish();
}

/**
 * `\NN`, `\NNN` and `\0NNN` (C, ECMAScript, printf), where they stand for a printable ASCII character: anything else is
 * more likely a folder's or a group's number.
 */
export function decodeOctalEscapes(text: Uint8Array, length: i32): i32 {
  const pass = rewrite(text, length);
  while (pass.seek(BACKSLASH, BACKSLASH)) {
    const at = pass.read;
    let digits = at + 1;
    const most = min(length, digits + (digits < length && unchecked(text[digits]) == ZERO ? 4 : 3));
    let point: u32 = 0;
    while (digits < most && (unchecked(text[digits]) & 0xf8) == ZERO) {
      point = (point << 3) | (unchecked(text[digits]) & 7);
      digits += 1;
    }
    if (point >= 0x7f && digits == at + 5) {
      point >>= 3;
      digits -= 1;
    }
    if (point >= 0x20 && point < 0x7f) pass.put(<u8>point, digits - at);
    else pass.keep();
  }
  return pass.finish();
}

/** Four hexadecimal digits at `at` as a UTF-16 code unit, or -1. */
function codeUnit(text: Uint8Array, at: i32, end: i32): i32 {
  if (at + 4 > end) return -1;
  let unit = 0;
  for (let i = at; i < at + 4; i++) {
    const digit = hexDigit(unchecked(text[i]));
    if (digit < 0) return -1;
    unit = (unit << 4) | digit;
  }
  return unit;
}

/** What `\UXXXXXXXX` at `at` stands for, or -1. */
function widePoint(text: Uint8Array, at: i32, end: i32): i32 {
  if (unchecked(text[at + 1]) != UPPER_U) return -1;
  const high = codeUnit(text, at + 2, end);
  const low = codeUnit(text, at + 6, end);
  return (high | low) < 0 || high > 0x7fff ? -1 : (high << 16) | low;
}

/** Where the digits of an escape begin that is at `at`, its sign and the first `u`. */
function digitsFrom(text: Uint8Array, at: i32, end: i32): i32 {
  let digits = at + 2;
  if (unchecked(text[at]) != BACKSLASH) return digits;
  while (digits < end && unchecked(text[digits]) == LOWER_U) digits += 1;
  return digits;
}

/** Where the digits of the one begin that is escaped at `at` behind the same sign, or 0. */
function lowSurrogate(text: Uint8Array, at: i32, end: i32, sign: u8): i32 {
  if (at + 6 > end || unchecked(text[at]) != sign || (unchecked(text[at + 1]) | 0x20) != LOWER_U) return 0;
  const digits = digitsFrom(text, at, end);
  const unit = codeUnit(text, digits, end);
  return unit >= 0 && (unit & 0xfc00) == 0xdc00 ? digits : 0;
}

/** Position after `{X…}` at `at`, with at least one digit, and at most 6 behind leading zeros, or 0. */
function bracedEnd(text: Uint8Array, at: i32, end: i32): i32 {
  if (at >= end || unchecked(text[at]) != OPEN_BRACE) return 0;
  let digits = at + 1;
  while (digits < end && unchecked(text[digits]) == ZERO) digits += 1;
  const most = min(end, digits + 6);
  while (digits < most && hexDigit(unchecked(text[digits])) >= 0) digits += 1;
  return digits < end && digits > at + 1 && unchecked(text[digits]) == CLOSE_BRACE ? digits + 1 : 0;
}

function bracedPoint(text: Uint8Array, at: i32, end: i32): u32 {
  let point: u32 = 0;
  for (let i = at; i < end; i++) point = (point << 4) | <u32>hexDigit(unchecked(text[i]));
  return min(point, LAST_CODE_POINT);
}
