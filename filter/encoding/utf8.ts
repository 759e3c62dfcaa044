/** Set in each byte that is none of ASCII. */
const HIGH_BITS: u64 = ((<u64>0x80808080) << 32) | 0x80808080;

/**
 * Whether `bytes` is well-formed UTF-8 (RFC 3629 section 4): overlong forms, surrogates and code points above U+10FFFF
 * are not. Linear, one pass.
 */
export function isValidUtf8(bytes: Uint8Array): bool {
  const length = bytes.length;
  let at = 0;
  while (at < length) {
    if (length - at >= 8 && (load<u64>(bytes.dataStart + at) & HIGH_BITS) == 0) {
      at += 8;
      continue;
    }
    const lead: u32 = unchecked(bytes[at]);
    at += 1;
    if (lead < 0x80) continue;
    let following = 1;
    // The second byte's range is narrower after some leads: that is what rules out overlong forms and surrogates.
    let low: u32 = 0x80;
    let high: u32 = 0xbf;
    if (lead < 0xc2) return false;
    if (lead < 0xe0) {
      following = 1;
    } else if (lead < 0xf0) {
      following = 2;
      if (lead == 0xe0) low = 0xa0;
      if (lead == 0xed) high = 0x9f;
    } else if (lead < 0xf5) {
      following = 3;
      if (lead == 0xf0) low = 0x90;
      if (lead == 0xf4) high = 0x8f;
    } else {
      return false;
    }
    if (length - at < following) return false;
    const second: u32 = unchecked(bytes[at]);
    if (second < low || second > high) return false;
    for (let i = 1; i < following; i++) {
      if ((unchecked(bytes[at + i]) & 0xc0) != 0x80) return false;
    }
    at += following;
  }
  return true;
}

/**
 * Writes `codePoint` (at most U+10FFFF) at `at` and gives the position after it: 1 to 4 bytes. A surrogate is written
 * as three bytes, which `isValidUtf8` refuses. The caller has made room.
 */
export function writeCodePoint(codePoint: u32, out: Uint8Array, at: i32): i32 {
  if (codePoint < 0x80) {
    out[at] = <u8>codePoint;
    return at + 1;
  }
  if (codePoint < 0x800) {
    out[at] = <u8>(0xc0 | (codePoint >> 6));
    out[at + 1] = <u8>(0x80 | (codePoint & 0x3f));
    return at + 2;
  }
  if (codePoint < 0x10000) {
    out[at] = <u8>(0xe0 | (codePoint >> 12));
    out[at + 1] = <u8>(0x80 | ((codePoint >> 6) & 0x3f));
    out[at + 2] = <u8>(0x80 | (codePoint & 0x3f));
    return at + 3;
  }
  out[at] = <u8>(0xf0 | (codePoint >> 18));
  out[at + 1] = <u8>(0x80 | ((codePoint >> 12) & 0x3f));
  out[at + 2] = <u8>(0x80 | ((codePoint >> 6) & 0x3f));
  out[at + 3] = <u8>(0x80 | (codePoint & 0x3f));
  return at + 4;
}
