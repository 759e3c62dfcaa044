/** Where a byte stands first in the range `from` to `end` of a text, else `end`. All these look at sixteen bytes at once. */
export function findByte(text: Uint8Array, from: i32, end: i32, byte: u8): i32 {
  return findEither(text, from, end, byte, byte);
}

/** The same of two bytes. */
export function findEither(text: Uint8Array, from: i32, end: i32, one: u8, other: u8): i32 {
  const data = text.dataStart;
  const ones = i8x16.splat(<i8>one);
  const others = i8x16.splat(<i8>other);
  let at = from;
  for (; at + 16 <= end; at += 16) {
    const chunk = v128.load(data + at);
    const mask = i8x16.bitmask(v128.or(i8x16.eq(chunk, ones), i8x16.eq(chunk, others)));
    if (mask != 0) return at + ctz(mask);
  }
  for (; at < end; at++) {
    const byte = load<u8>(data + at);
    if (byte == one || byte == other) return at;
  }
  return end;
}

/** Where a byte stands first that another follows directly, both in the range; else `end`. */
export function findPair(text: Uint8Array, from: i32, end: i32, first: u8, second: u8): i32 {
  const data = text.dataStart;
  const firsts = i8x16.splat(<i8>first);
  const seconds = i8x16.splat(<i8>second);
  let at = from;
  for (; at + 17 <= end; at += 16) {
    const isFirst = i8x16.eq(v128.load(data + at), firsts);
    const mask = i8x16.bitmask(v128.and(isFirst, i8x16.eq(v128.load(data + at, 1), seconds)));
    if (mask != 0) return at + ctz(mask);
  }
  for (; at + 1 < end; at++) if (load<u8>(data + at) == first && load<u8>(data + at, 1) == second) return at;
  return end;
}

export function holdsByte(text: Uint8Array, byte: u8): bool {
  return findByte(text, 0, text.length, byte) < text.length;
}

/** Whether all bytes from `from` on are visible ASCII: no whitespace, control or byte of anything else. */
export function isVisibleAscii(text: Uint8Array, from: i32): bool {
  const data = text.dataStart;
  const end = text.length;
  let at = from;
  for (; at + 16 <= end; at += 16) {
    const shifted = i8x16.sub(v128.load(data + at), i8x16.splat(0x21));
    if (!i8x16.all_true(i8x16.lt_u(shifted, i8x16.splat(0x5e)))) return false;
  }
  for (; at < end; at++) if (<u32>load<u8>(data + at) - 0x21 >= 0x5e) return false;
  return true;
}
