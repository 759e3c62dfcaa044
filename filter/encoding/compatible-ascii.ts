/** A sign that is not shown (Unicode's Default_Ignorable_Code_Point). */
export const INVISIBLE: u8 = 1;

const NONE: u8 = 0;
const SPACE: u8 = 0x20;
const UPPER_A: u8 = 0x41;
const UPPER_C: u8 = 0x43;
const UPPER_R: u8 = 0x52;
const LOWER_A: u8 = 0x61;
const ZERO: u8 = 0x30;
const LETTERS: u32 = 26;

/** For each 64 characters of the basic plane which of `pages` has them; 0: there is none among them. */
const pageOf = new StaticArray<u8>(1024);
const MOST_PAGES = 32;
const pages = new StaticArray<u8>(MOST_PAGES * 64);
let pageCount: u8 = 1;

function set(point: i32, value: u8): void {
  if (pageOf[point >> 6] == 0) pageOf[point >> 6] = pageCount++;
  pages[((<i32>pageOf[point >> 6]) << 6) | (point & 63)] = value;
}

/** What the characters from `first` on stand for, each; a space: nothing. */
function row(first: i32, ascii: string): void {
  for (let i = 0; i < ascii.length; i++) {
    const character = <u8>ascii.charCodeAt(i);
    if (character != SPACE) set(first + i, character);
  }
}

function range(first: i32, last: i32, value: u8): void {
  for (let point = first; point <= last; point++) set(point, value);
}

row(0xaa, "a");
row(0xb2, "23");
row(0xb9, "1o");
row(0x17f, "s");
row(0x2b0, "h jr   wy");
row(0x2e1, "lsx");
row(0x37e, ";");
row(0x1d2c, "A B DE GHIJKLMN O PRTUWa   bde   g km o   ptu  v");
row(0x1d62, "iruv");
row(0x1d9c, "c   f");
row(0x1dbb, "z");
row(0x1fef, "`");
row(0x2024, ".");
row(0x2070, "0i  456789+ =()n0123456789+ =() aeox hklmnpst");
row(0x2102, "C");
row(0x210a, "gHHHh IILl N   PQRRR");
row(0x2124, "Z   Z K BC eEF Mo");
row(0x2139, "i");
row(0x2145, "Ddeij");
row(0x2160, "I   V    X  LCDMi   v    x  lcdm");
row(0x2460, "123456789");
row(0x24b6, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0");
row(0xfb29, "+");
row(0xfe10, ",  :;!?");
row(0xfe33, "__(){}");
row(0xfe47, "[]");
row(0xfe4d, "___, . ;:?! (){}  #&*+-<>= \\$%@");
set(0xa0, SPACE);
range(0x2000, 0x200a, SPACE);
set(0x202f, SPACE);
set(0x205f, SPACE);
set(0x3000, SPACE);
set(0xad, INVISIBLE);
set(0x34f, INVISIBLE);
set(0x61c, INVISIBLE);
range(0x115f, 0x1160, INVISIBLE);
range(0x17b4, 0x17b5, INVISIBLE);
range(0x180b, 0x180f, INVISIBLE);
range(0x200b, 0x200f, INVISIBLE);
range(0x202a, 0x202e, INVISIBLE);
range(0x2060, 0x206f, INVISIBLE);
set(0x3164, INVISIBLE);
range(0xfe00, 0xfe0f, INVISIBLE);
set(0xfeff, INVISIBLE);
set(0xffa0, INVISIBLE);
range(0xfff0, 0xfff8, INVISIBLE);

/**
 * The one character of ASCII that the one in UTF-8 at `at` stands for in compatibility form (NFKC, Unicode Standard Annex
 * 15); `INVISIBLE`; or 0: neither, a full-width one, or no whole one.
 */
export function compatibleAt(text: Uint8Array, at: i32, length: i32): u8 {
  const lead = <u32>unchecked(text[at]);
  const size = sizeFrom(<u8>lead);
  if (size < 2 || at + size > length) return NONE;
  const second = continuationAt(text, at + 1);
  if (size == 2) return second > 0x3f ? NONE : inPage(lead & 0x1f, second);
  const third = continuationAt(text, at + 2);
  if ((second | third) > 0x3f) return NONE;
  if (size == 3) return inPage(((lead & 0xf) << 6) | second, third);
  const last = continuationAt(text, at + 3);
  return last > 0x3f ? NONE : beyondPages(((lead & 7) << 18) | (second << 12) | (third << 6) | last);
}

/** Bytes of the character of UTF-8 that the byte begins; 1: it begins none. */
export function sizeFrom(lead: u8): i32 {
  return lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1;
}

/** Its six bits; more: it is none. */
function continuationAt(text: Uint8Array, at: i32): u32 {
  return <u32>unchecked(text[at]) ^ 0x80;
}

function inPage(number: u32, at: u32): u8 {
  const page = unchecked(pageOf[number]);
  return page == 0 ? NONE : unchecked(pages[((<u32>page) << 6) | at]);
}

/** Letters and digits of mathematics, in outline, in circles, squares and segments; what only shapes others, tags and variants. */
function beyondPages(point: u32): u8 {
  if (point - 0x1d400 < 0x2a4) {
    const letter = (point - 0x1d400) % (2 * LETTERS);
    return <u8>(letter < LETTERS ? UPPER_A + letter : LOWER_A + letter - LETTERS);
  }
  if (point - 0x1d7ce < 50) return <u8>(ZERO + ((point - 0x1d7ce) % 10));
  if (point - 0x1ccd6 < LETTERS) return <u8>(UPPER_A + (point - 0x1ccd6));
  if (point - 0x1ccf0 < 10) return <u8>(ZERO + (point - 0x1ccf0));
  if (point - 0x1f12b < 2) return <u8>(point == 0x1f12b ? UPPER_C : UPPER_R);
  if (point - 0x1f130 < LETTERS) return <u8>(UPPER_A + (point - 0x1f130));
  if (point - 0x1fbf0 < 10) return <u8>(ZERO + (point - 0x1fbf0));
  const isShorthand = point - 0x1bca0 < 4;
  const isMusic = point - 0x1d173 < 8;
  return isShorthand || isMusic || point - 0xe0000 < 0x1000 ? INVISIBLE : NONE;
}
