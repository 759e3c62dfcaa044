import { compatibleAt, INVISIBLE, sizeFrom } from "../encoding/compatible-ascii";
import { rewrite } from "../encoding/rewrite";

const SPACE: u8 = 0x20;
/** Of UTF-8, and of the signs of Latin-1. */
const FIRST_LEAD: u8 = 0xc2;

/**
 * Whether in the first `length` bytes is a character to be folded that prose has not: a sign that is not shown behind ASCII,
 * or one that stands for ASCII and is no space, and none of Latin-1 (`m²`, `1º`).
 */
export function holdsCompatible(text: Uint8Array, length: i32): bool {
  return next(text, 0, length, true) < length;
}

/** Characters that stand for one of ASCII in compatibility form, in place: `𝓼` and `ⓢ` → `s`, `﹤` → `<`. Gives the new length. */
export function foldCompatible(text: Uint8Array, length: i32): i32 {
  const pass = rewrite(text, length);
  for (let at = next(text, 0, length, false); at < length; at = next(text, at + 1, length, false)) {
    const ascii = compatibleAt(text, at, length);
    if (ascii == INVISIBLE) continue;
    pass.keepUntil(at);
    pass.put(ascii, sizeFrom(unchecked(text[at])));
  }
  return pass.finish();
}

/**
 * Signs that are not shown go where ASCII, or nothing, stands on both sides, in place: other scripts and emoji are written
 * with them. Gives the new length.
 */
export function foldInvisible(text: Uint8Array, length: i32): i32 {
  const pass = rewrite(text, length);
  for (let at = next(text, 0, length, false); at < length; at = next(text, at, length, false)) {
    let end = at;
    while (end < length && compatibleAt(text, end, length) == INVISIBLE) end += sizeFrom(unchecked(text[end]));
    pass.keepUntil(at);
    const isBehind = pass.write == 0 || unchecked(text[pass.write - 1]) < 0x80;
    if (isBehind && (end == length || unchecked(text[end]) < 0x80)) pass.drop(end - at);
    at = max(end, at + 1);
  }
  return pass.finish();
}

/**
 * Where, from `at` on, a character for `compatibleAt` stands, or only such as `holdsCompatible` asks for; `length`: there is
 * none. Sixteen bytes are looked at at once.
 */
function next(text: Uint8Array, at: i32, length: i32, rareOnly: bool): i32 {
  const data = text.dataStart;
  for (; at + 17 <= length; at += 16) {
    for (let mask = leadsAmong(data + at, rareOnly); mask != 0; mask &= mask - 1) {
      const found = at + ctz(mask);
      const ascii = compatibleAt(text, found, length);
      if (ascii != 0 && !(rareOnly && isOfProse(text, found, ascii))) return found;
    }
  }
  for (; at < length; at++) {
    const ascii = unchecked(text[at]) < FIRST_LEAD ? <u8>0 : compatibleAt(text, at, length);
    if (ascii != 0 && !(rareOnly && isOfProse(text, at, ascii))) return at;
  }
  return length;
}

function isOfProse(text: Uint8Array, at: i32, ascii: u8): bool {
  if (ascii == INVISIBLE) return at > 0 && unchecked(text[at - 1]) >= 0x80;
  return ascii == SPACE || unchecked(text[at]) == FIRST_LEAD;
}

/**
 * A bit for each of sixteen bytes that may begin such a character: C2, C5, CA, CB, CD, E1, E2, EF, F0, F3; E3 only that of a
 * space. Arabic and Japanese begin with D8 and E3: of those for U+061C and U+3164 the next byte is looked at, too.
 */
function leadsAmong(data: usize, rareOnly: bool): i32 {
  const bytes = v128.load(data);
  const seconds = v128.load(data, 1);
  // By the lower half of a byte: whether it does with the upper half C, E, F.
  const rare = i8x16(4, 2, 3, 4, 0, 1, 0, 0, 0, 0, 1, 1, 0, 1, 0, 2);
  const all = i8x16(4, 2, 3, 6, 0, 1, 0, 0, 0, 0, 1, 1, 0, 1, 0, 2);
  const upper = i8x16(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 4);
  const low = i8x16.swizzle(rareOnly ? rare : all, v128.and(bytes, i8x16.splat(0x0f)));
  const high = i8x16.swizzle(upper, i8x16.shr_u(bytes, 4));
  const arabic = v128.and(i8x16.eq(bytes, i8x16.splat(<i8>0xd8)), i8x16.eq(seconds, i8x16.splat(<i8>0x9c)));
  const hangul = v128.and(i8x16.eq(bytes, i8x16.splat(<i8>0xe3)), i8x16.eq(seconds, i8x16.splat(<i8>0x85)));
  const leads = i8x16.ne(v128.and(low, high), i8x16.splat(0));
  return i8x16.bitmask(v128.or(leads, v128.or(arabic, hangul)));
}
