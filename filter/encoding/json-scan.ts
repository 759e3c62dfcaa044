import { hexDigit } from "./hex";
import { writeCodePoint } from "./utf8";

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
  while (at < length) {
    const byte = unchecked(source[at]);
    if (byte == 0x22) return escaped ? -at : at;
    if (byte < 0x20) return 0;
    at += 1;
    if (byte != 0x5c) continue;
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
  return 0;
}

/** Escapes of a well-formed string's content resolved to UTF-8; surrogate pairs are joined. */
export function unescapeJson(raw: Uint8Array): Uint8Array {
  const out = new Uint8Array(raw.length);
  let at = 0;
  let written = 0;
  while (at < raw.length) {
    const byte = unchecked(raw[at]);
    at += 1;
    if (byte != 0x5c) {
      unchecked((out[written++] = byte));
      continue;
    }
    const kind = byteAt(raw, at);
    at += 1;
    if (kind != 0x75) {
      out[written++] = <u8>simpleEscape(kind);
      continue;
    }
    let codePoint: u32 = <u32>max(codeUnitAt(raw, at), 0);
    at += 4;
    if ((codePoint & 0xfc00) == 0xd800 && byteAt(raw, at) == 0x5c && byteAt(raw, at + 1) == 0x75) {
      const low = codeUnitAt(raw, at + 2);
      if ((low & 0xfc00) == 0xdc00) {
        codePoint = 0x10000 + ((codePoint & 0x3ff) << 10) + (<u32>low & 0x3ff);
        at += 6;
      }
    }
    written = writeCodePoint(codePoint, out, written);
  }
  return out.subarray(0, written);
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
