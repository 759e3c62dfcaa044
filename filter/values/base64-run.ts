import { findByte, findEither } from "../encoding/find-byte";
import { isAlphabetDigit, isBase64Text, sextetOf } from "./base64-text";
import { isWhitespace } from "./spacing";

/** Fewer letters are more often a word than base64. */
export const MIN_TOKEN_BYTES = 16;
const DASH: u8 = 0x2d;
const DOT: u8 = 0x2e;
const SLASH: u8 = 0x2f;
const UNDERSCORE: u8 = 0x5f;
const OPEN_BRACE: u8 = 0x7b;

/**
 * What is base64 of a text in a run of digits and dots: all of it, or what stands between its dots and slashes, behind the
 * first dash or underscore there, too (`v1.…`, `cursor_…`). Of a signed token (RFC 7515) the header alone, which is read
 * before the signature is checked; of one without a signature the payload, too. Behind a dot that a run begins with stands what
 * is left of such a token. Linear.
 */
export class Base64Run {
  /** The range that was found. */
  from: i32 = 0;
  to: i32 = 0;
  private text: Uint8Array = new Uint8Array(0);
  private at: i32 = 0;
  private end: i32 = 0;
  /** Nothing of the run was looked at yet. */
  private isWhole: bool = true;

  begin(text: Uint8Array, start: i32, end: i32): void {
    this.text = text;
    this.at = start;
    this.end = unchecked(text[start]) == DOT ? start : end;
    this.isWhole = true;
  }

  /** Finds the next one; false: there is none. */
  next(): bool {
    const text = this.text;
    const end = this.end;
    const first = this.isWhole ? this.at : -1;
    this.isWhole = false;
    if (first >= 0 && isBase64Text(text, first, end)) return this.found(first, end, end);
    while (end - this.at >= MIN_TOKEN_BYTES) {
      const start = this.at;
      const stop = findEither(text, start, end, DOT, SLASH);
      if (holdsObject(text, start, stop)) return this.header(start);
      this.at = stop + 1;
      if (this.piece(start, stop, start == first && stop == end)) return true;
    }
    return false;
  }

  /** The piece `start` to `stop`, or what its first sign leads to; `isKnown`: the piece itself is none. */
  private piece(start: i32, stop: i32, isKnown: bool): bool {
    if (stop - start < MIN_TOKEN_BYTES) return false;
    if (!isKnown && isBase64Text(this.text, start, stop)) return this.found(start, stop, stop + 1);
    return this.behind(DASH, start, stop) || this.behind(UNDERSCORE, start, stop);
  }

  private behind(sign: u8, start: i32, stop: i32): bool {
    const from = findByte(this.text, start, stop, sign) + 1;
    if (stop - from < MIN_TOKEN_BYTES || !isBase64Text(this.text, from, stop)) return false;
    return this.found(from, stop, stop + 1);
  }

  /** Of the token that begins at `start`. Behind it comes its payload where nothing signs that, else nothing more. */
  private header(start: i32): bool {
    const stop = findByte(this.text, start, this.end, DOT);
    this.at = isUnsigned(this.text, stop, this.end) ? stop + 1 : this.end;
    return isBase64Text(this.text, start, stop) && this.found(start, stop, this.at);
  }

  private found(from: i32, to: i32, next: i32): bool {
    this.from = from;
    this.to = to;
    this.at = next;
    return true;
  }
}

/**
 * What is read of the token (RFC 7515) that the text begins with at `start` before its signature is checked: up to where its
 * header ends, and all of one that has no signature; `start`: it is no such token.
 */
export function unverifiedEnd(text: Uint8Array, start: i32, end: i32): i32 {
  const stop = findByte(text, start, end, DOT);
  if (stop == end || !holdsObject(text, start, stop)) return start;
  return isUnsigned(text, stop, end) ? end : stop;
}

/** Whether the token whose header ends at `stop` has a payload and an empty signature (RFC 7519, section 6). */
function isUnsigned(text: Uint8Array, stop: i32, end: i32): bool {
  return stop + 1 < end && findByte(text, stop + 1, end, DOT) == end - 1;
}

/** Whether the base64 at `start` is that of an object of JSON, behind what parsers skip. */
function holdsObject(text: Uint8Array, start: i32, end: i32): bool {
  let bits: u32 = 0;
  let held = 0;
  for (let i = start; i < end; i++) {
    const digit = unchecked(text[i]);
    if (!isAlphabetDigit(digit)) return false;
    bits = (bits << 6) | <u32>sextetOf(digit);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    const byte = <u8>(bits >> held);
    if (byte == OPEN_BRACE) return true;
    if (!isWhitespace(byte) && !isOfByteOrderMark(byte)) return false;
  }
  return false;
}

/** That of UTF-8. */
function isOfByteOrderMark(byte: u8): bool {
  return byte == 0xef || byte == 0xbb || byte == 0xbf;
}
