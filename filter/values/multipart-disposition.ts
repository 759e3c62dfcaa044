import { bytes } from "proxy-wasm-as/bytes";
import { isLetterOrDigit } from "../encoding/letter-or-digit";
import { Charset, charsetNamed } from "./charset";
import { isWord, skipWhitespace } from "./content-type";

const NAME = bytes("name");
const FILE_NAME = bytes("filename");
const EXTENDED = bytes("filename*");
const SEMICOLON: u8 = 0x3b;
const EQUALS: u8 = 0x3d;
const QUOTE: u8 = 0x22;
const APOSTROPHE: u8 = 0x27;
const BACKSLASH: u8 = 0x5c;

/** The parameters of a part's content-disposition (RFC 7578, section 4.2); ranges are of the body, -1: absent. */
export class Disposition {
  malformed: bool = false;
  name: Uint8Array;
  nameStart: i32 = -1;
  fileNameStart: i32 = -1;
  fileNameEnd: i32 = -1;
  extendedStart: i32 = -1;
  extendedEnd: i32 = -1;

  constructor(private readonly body: Uint8Array) {
    this.name = body.subarray(0, 0);
  }

  /**
   * Whether every reader takes the content for a file: with an empty `filename` some take it for a field, and with none but
   * an extended one those that don't know it (RFC 7578, section 4.2, forbids it).
   */
  get isFile(): bool {
    return this.fileNameEnd > this.fileNameStart;
  }

  /** Reads them from behind the disposition type. */
  read(at: i32, end: i32): void {
    const body = this.body;
    while (true) {
      at = skipWhitespace(body, at);
      if (at >= end) return;
      const start = skipWhitespace(body, at + 1);
      let nameEnd = start;
      while (nameEnd < end && isNameByte(unchecked(body[nameEnd]))) nameEnd += 1;
      if (unchecked(body[at]) != SEMICOLON || nameEnd >= end || unchecked(body[nameEnd]) != EQUALS) break;
      let value = nameEnd + 1;
      const quoted = value < end && unchecked(body[value]) == QUOTE;
      if (quoted) value += 1;
      let stop = value;
      while (stop < end && unchecked(body[stop]) != (quoted ? QUOTE : SEMICOLON)) {
        const paired = quoted && unchecked(body[stop]) == BACKSLASH && stop + 1 < end;
        stop += paired && isEscaped(unchecked(body[stop + 1])) ? 2 : 1;
      }
      stop = min(stop, end);
      this.parameter(body.subarray(start, nameEnd), value, stop);
      if (quoted && stop == end) break;
      at = quoted ? stop + 1 : stop;
    }
    this.malformed = true;
  }

  private parameter(name: Uint8Array, start: i32, end: i32): void {
    if (isWord(name, NAME) && this.nameStart < 0) {
      this.nameStart = start;
      this.name = this.body.subarray(start, end);
    } else if (isWord(name, FILE_NAME) && this.fileNameStart < 0) {
      this.fileNameStart = start;
      this.fileNameEnd = end;
    } else if (isWord(name, EXTENDED) && this.extendedStart < 0) {
      const value = this.body.subarray(start, end);
      const language = value.indexOf(APOSTROPHE);
      const text = language < 0 ? -1 : value.indexOf(APOSTROPHE, language + 1);
      const known = text >= 0 && charsetNamed(value, 0) == Charset.Ascii;
      if (!known) this.malformed = true;
      this.extendedStart = known ? start + text + 1 : start;
      this.extendedEnd = end;
    } else {
      this.malformed = true;
    }
  }
}

/** Letters, digits, `-`, `_`, and `*` of extended parameters. */
export function isNameByte(byte: u8): bool {
  return isLetterOrDigit(byte) || byte == 0x2d || byte == 0x5f || byte == 0x2a;
}

function isEscaped(byte: u8): bool {
  return byte == QUOTE || byte == BACKSLASH;
}
