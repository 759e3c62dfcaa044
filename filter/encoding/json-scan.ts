import { hexDigit } from "./hex";
import { rewrite } from "./rewrite";

const BACKSLASH: u8 = 0x5c;

/**
 * Position after the number that begins at `at` (RFC 8259 section 6); -1: none begins there. What follows it is the
 * reader's to judge.
 */
export function jsonNumberEnd(source: Uint8Array, at: i32): i32 {
  if (byteAt(source, at) == 0x2d) at += 1;
  if (byteAt(source, at) == 0x30) {
    at += 1;
  } else {
    const integer = at;
    at = digitsEnd(source, at);
    if (at == integer) return -1;
  }
  if (byteAt(source, at) == 0x2e) {
    const fraction = at + 1;
    at = digitsEnd(source, fraction);
    if (at == fraction) return -1;
  }
  if ((byteAt(source, at) | 0x20) == 0x65) {
    at += 1;
    const sign = byteAt(source, at);
    if (sign == 0x2b || sign == 0x2d) at += 1;
    const exponent = at;
    at = digitsEnd(source, exponent);
    if (at == exponent) return -1;
  }
  return at;
}

/**
 * Position of the quote that closes the string whose content begins at `at` (RFC 8259 section 7), negated if there are
 * escapes in it; 0: it is not well-formed or does not end.
 */
export function jsonStringEnd(source: Uint8Array, at: i32): i32 {
  const length = source.length;
  let escaped = false;
  while (true) {
    at = ordinaryEnd(source, at);
    if (at >= length) return 0;
    const byte = unchecked(source[at]);
    if (byte == 0x22) return escaped ? -at : at;
    if (byte < 0x20) return 0;
    at += 1;
    escaped = true;
    const kind = byteAt(source, at);
    if (kind == 0x75) {
      if (codeUnitAt(source, at + 1) < 0) return 0;
      at += 5;
    } else {
      if (simpleEscape(kind) == 0) return 0;
      at += 1;
    }
  }
}

/** Position of the next quote, backslash or control character from `at` on. */
function ordinaryEnd(source: Uint8Array, at: i32): i32 {
  const data = source.dataStart;
  const length = source.length;
  const quotes = i8x16.splat(0x22);
  const backslashes = i8x16.splat(BACKSLASH);
  for (; at + 16 <= length; at += 16) {
    const chunk = v128.load(data + at);
    const ends = v128.or(i8x16.eq(chunk, quotes), i8x16.eq(chunk, backslashes));
    const mask = i8x16.bitmask(v128.or(ends, i8x16.lt_u(chunk, i8x16.splat(0x20))));
    if (mask != 0) return at + ctz(mask);
  }
  for (; at < length; at++) {
    const byte = load<u8>(data + at);
    if (byte == 0x22 || byte == BACKSLASH || byte < 0x20) return at;
  }
  return length;
}

/** Escapes of a well-formed string's content resolved to UTF-8; surrogate pairs are joined. What is no escape stays. */
export function unescapeJson(raw: Uint8Array): Uint8Array {
  const out = raw.slice();
  const pass = rewrite(out, out.length);
  while (pass.seek(BACKSLASH, BACKSLASH)) {
    const at = pass.read;
    const kind = byteAt(out, at + 1);
    const unit = kind == 0x75 ? codeUnitAt(out, at + 2) : -1;
    const simple = simpleEscape(kind);
    if (unit >= 0) {
      const high = (unit & 0xfc00) == 0xd800 && byteAt(out, at + 6) == BACKSLASH && byteAt(out, at + 7) == 0x75;
      const low = high ? codeUnitAt(out, at + 8) : -1;
      if ((low & 0xfc00) == 0xdc00) pass.putPoint(0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff), 12);
      else pass.putPoint(unit, 6);
    } else if (simple != 0) {
      pass.put(<u8>simple, 2);
    } else {
      pass.keep();
    }
  }
  return out.subarray(0, pass.finish());
}

/** 0 past the end: no byte of JSON's grammar. */
function byteAt(source: Uint8Array, at: i32): u32 {
  return at < source.length ? unchecked(source[at]) : 0;
}

function digitsEnd(source: Uint8Array, at: i32): i32 {
  while (byteAt(source, at) - 0x30 < 10) at += 1;
  return at;
}

/** Four hexadecimal digits as a UTF-16 code unit; -1: they are not there. */
function codeUnitAt(source: Uint8Array, at: i32): i32 {
  let unit = 0;
  for (let i = 0; i < 4; i++) {
    const digit = hexDigit(byteAt(source, at + i));
    if (digit < 0) return -1;
    unit = (unit << 4) | digit;
  }
  return unit;
}

/** What a one-letter escape stands for; 0: there is no such escape. */
function simpleEscape(kind: u32): u32 {
  if (kind == 0x22 || kind == 0x5c || kind == 0x2f) return kind;
  if (kind == 0x62) return 0x08;
  if (kind == 0x66) return 0x0c;
  if (kind == 0x6e) return 0x0a;
  if (kind == 0x72) return 0x0d;
  if (kind == 0x74) return 0x09;
  return 0;
}
