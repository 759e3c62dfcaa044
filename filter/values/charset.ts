import { bytes } from "proxy-wasm-as/bytes";
import { isLetterOrDigit } from "../encoding/letter-or-digit";
import { Container } from "./container";
import { isOneOfWords, isQuote, isWord, matchesAt, skipWhitespace } from "./content-type";
import { Source } from "./source";
import { isWhitespace } from "./spacing";

/** How the bytes of a text may have to be read, as a mask. */
export const enum Charset {
  /** ASCII stands for itself. */
  Ascii = 1,
  Utf16Little = 2,
  Utf16Big = 4,
  Utf32Little = 8,
  Utf32Big = 16,
  /** UTF-7, EBCDIC, or one that we do not know: nothing would be seen. */
  Hidden = 32,
}

const UTF_16: u32 = Charset.Utf16Little | Charset.Utf16Big;
const UTF_32: u32 = Charset.Utf32Little | Charset.Utf32Big;
const CHARSET = bytes("charset");
const SEMICOLON: u8 = 0x3b;
const EQUALS: u8 = 0x3d;
const STAR: u8 = 0x2a;
const LESS_THAN: u8 = 0x3c;
const OPEN_BRACE: u8 = 0x7b;
const OPEN_BRACKET: u8 = 0x5b;

/** Character sets in which ASCII stands for itself, by how their names begin. */
const asciiCompatible: Uint8Array[] = [
  bytes("utf-8"),
  bytes("utf8"),
  bytes("us-ascii"),
  bytes("ascii"),
  bytes("iso-8859-"),
  bytes("iso8859-"),
  bytes("iso_8859-"),
  bytes("latin"),
  bytes("windows-125"),
  bytes("cp125"),
  bytes("koi8-"),
  bytes("gb"),
  bytes("big5"),
  bytes("euc-"),
  bytes("shift_jis"),
];

/** The same by their whole names. */
const asciiNames: Uint8Array[] = [
  bytes("windows-31j"),
  bytes("cp932"),
  bytes("ms932"),
  bytes("x-sjis"),
  bytes("windows-874"),
  bytes("tis-620"),
  bytes("cp850"),
  bytes("ibm866"),
  bytes("ks_c_5601-1987"),
  bytes("macintosh"),
  bytes("binary"),
  bytes("ansi_x3.4-1968"),
  bytes("utf_8"),
  bytes("cp866"),
  bytes("cp949"),
];

/** Whole names of the wide ones; without a byte order one may stand for either. */
const wideNames: Uint8Array[] = [
  bytes("utf-16"),
  bytes("utf16"),
  bytes("unicode"),
  bytes("ucs-2"),
  bytes("iso-10646-ucs-2"),
  bytes("utf-16le"),
  bytes("utf-16be"),
  bytes("utf-32"),
  bytes("utf32"),
  bytes("ucs-4"),
  bytes("iso-10646-ucs-4"),
  bytes("utf-32le"),
  bytes("utf-32be"),
];
const wideSets: StaticArray<u32> = [
  UTF_16,
  UTF_16,
  UTF_16,
  UTF_16,
  UTF_16,
  Charset.Utf16Little,
  Charset.Utf16Big,
  UTF_32,
  UTF_32,
  UTF_32,
  UTF_32,
  Charset.Utf32Little,
  Charset.Utf32Big,
];

/**
 * Every `charset` that a content type names; 0: none. The name is looked for anywhere, so that no reading of quotes and
 * separators hides it; whitespace, quotes and case do not matter, and the extended form of RFC 8187 is none that we know.
 */
export function declaredCharsets(contentType: Uint8Array): u32 {
  let sets: u32 = 0;
  for (let at = 0; at + CHARSET.length <= contentType.length; at++) {
    if (!matchesAt(contentType, at, CHARSET)) continue;
    let next = skipWhitespace(contentType, at + CHARSET.length);
    if (next < contentType.length && contentType[next] == STAR) return Charset.Hidden;
    if (next >= contentType.length || contentType[next] != EQUALS) continue;
    next = skipWhitespace(contentType, next + 1);
    while (next < contentType.length && isQuote(contentType[next])) next = skipWhitespace(contentType, next + 1);
    sets |= charsetNamed(contentType, next);
  }
  return sets;
}

/** The set whose name stands at `at`, up to a quote, `;`, whitespace or the end; an empty one names none, as if it were not there. */
export function charsetNamed(text: Uint8Array, at: i32): u32 {
  let end = at;
  while (end < text.length && isNameByte(text[end])) end += 1;
  if (end < text.length && text[end] != SEMICOLON && !isQuote(text[end]) && !isWhitespace(text[end]))
    return Charset.Hidden;
  const name = text.subarray(at, end);
  if (name.length == 0 || isOneOfWords(asciiNames, name)) return Charset.Ascii;
  for (let i = 0; i < asciiCompatible.length; i++) {
    if (matchesAt(text, at, asciiCompatible[i])) return Charset.Ascii;
  }
  for (let i = 0; i < wideNames.length; i++) {
    if (isWord(name, wideNames[i])) return wideSets[i];
  }
  return Charset.Hidden;
}

/**
 * What the first bytes say, which lenient readers go by; 0: nothing. Where text is declared a NUL among them tells it;
 * elsewhere only a byte order mark, or markup or several characters next to NULs: a file may begin so.
 */
export function charsetsByLook(text: Uint8Array, declaredText: bool): u32 {
  if (text.length < 2) return 0;
  const first = unchecked(text[0]);
  const second = unchecked(text[1]);
  const third: u8 = text.length > 3 ? unchecked(text[2]) : 1;
  const fourth: u8 = text.length > 3 ? unchecked(text[3]) : 1;
  if (first == 0xfe && second == 0xff) return Charset.Utf16Big;
  if (first == 0xff && second == 0xfe) return third == 0 && fourth == 0 ? Charset.Utf32Little : Charset.Utf16Little;
  if (first == 0 && second == 0) {
    if (third == 0xfe && fourth == 0xff) return Charset.Utf32Big;
    return third == 0 && (isMarkup(fourth) || declaredText || beginsWide(text, 4, 3)) ? Charset.Utf32Big : 0;
  }
  if (first != 0 && second != 0) return 0;
  const four = first != 0 && third == 0 && fourth == 0;
  if (!declaredText && !isMarkup(first | second) && !beginsWide(text, four ? 4 : 2, first == 0 ? 1 : 0)) return 0;
  if (first == 0) return Charset.Utf16Big;
  return four ? Charset.Utf32Little : Charset.Utf16Little;
}

/** Whether the first eight bytes are visible ASCII, of each character's `width` bytes the one at `at`, the others NUL. */
function beginsWide(text: Uint8Array, width: i32, at: i32): bool {
  if (text.length < 8) return false;
  for (let i = 0; i < 8; i++) {
    const byte = unchecked(text[i]);
    if (i % width == at ? byte < 0x20 || byte >= 0x7f : byte != 0) return false;
  }
  return true;
}

/** A source as each wide set of a mask reads it, without those that see no ASCII in it: nothing can be hidden there. */
export function wideReadings(source: Source, sets: u32): Source[] {
  const readings: Source[] = [];
  if ((sets & Charset.Utf16Little) != 0) addReading(readings, source, Container.Utf16Little);
  if ((sets & Charset.Utf16Big) != 0) addReading(readings, source, Container.Utf16Big);
  if ((sets & Charset.Utf32Little) != 0) addReading(readings, source, Container.Utf32Little);
  if ((sets & Charset.Utf32Big) != 0) addReading(readings, source, Container.Utf32Big);
  return readings;
}

/**
 * Whether a reading has ASCII alone: then every other byte of what was read (three of four) is NUL, and who reads it byte by
 * byte finds no two characters in a row.
 */
export function isAsciiAlone(reading: Source): bool {
  const text = reading.text;
  for (let i = 0; i < text.length; i++) if (unchecked(text[i]) >= 0x80) return false;
  return true;
}

function addReading(readings: Source[], source: Source, container: Container): void {
  const reading = source.within(0, source.text.length, container);
  const text = reading.text;
  for (let i = 0; i < text.length; i++) {
    const byte = unchecked(text[i]);
    if (byte <= 0x20 || byte >= 0x7f) continue;
    readings.push(reading);
    return;
  }
}

function isMarkup(byte: u8): bool {
  return byte == LESS_THAN || byte == OPEN_BRACE || byte == OPEN_BRACKET;
}

/** Letters, digits, `-`, `_`, `.` and `:`. */
function isNameByte(byte: u8): bool {
  return isLetterOrDigit(byte) || byte == 0x2d || byte == 0x5f || byte == 0x2e || byte == 0x3a;
}
