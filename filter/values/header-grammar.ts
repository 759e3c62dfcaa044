import { bytes } from "proxy-wasm-as/bytes";
import { isBlank } from "../encoding/blank";
import { isLetterOrDigit } from "../encoding/letter-or-digit";
import { matchesAt } from "./content-type";

/**
 * Lists of tokens with parameters (RFC 9110, section 5.6), which most headers are: `a/b;q=0.5, c="d"`. Space stands only
 * beside a separator, a token has one slash and not at its start, and there is no `..`.
 */

const SPACE: u8 = 0x20;
const QUOTE: u8 = 0x22;
const PLUS: u8 = 0x2b;
const COMMA: u8 = 0x2c;
const DOT: u8 = 0x2e;
const SLASH: u8 = 0x2f;
const SEMICOLON: u8 = 0x3b;
const EQUALS: u8 = 0x3d;
const QUESTION: u8 = 0x3f;
const PERCENT: u8 = 0x25;
const APOSTROPHE: u8 = 0x27;
/** How an extended value begins (RFC 8187). */
const EXTENDED = bytes("=utf-8''");
/** A brand or a model in a client hint is no longer, and has no more words than spaces and one. */
const MAX_HINT_BYTES = 48;
const MAX_HINT_SPACES = 4;
/** `application/xhtml+xml` has one; more would be a form's spaces. */
const MAX_PLUS = 2;

/** Bytes of a token, and those of a token68 (RFC 9110, section 11.2). */
const tokenBytes = new StaticArray<bool>(256);
const token68Bytes = new StaticArray<bool>(256);

function fillAlphabets(): void {
  for (let i = 0; i < 256; i++) {
    const byte = <u8>i;
    const word = isLetterOrDigit(byte) || byte == 0x2d || byte == 0x5f || byte == EQUALS || byte == 0x7e;
    tokenBytes[i] = word || byte == 0x2a || byte == 0x3a || byte == 0x40;
    token68Bytes[i] = word || byte == PLUS || byte == SLASH || byte == DOT;
  }
}
fillAlphabets();

export function breaksTokens(value: Uint8Array): bool {
  return breaks(value, false, 1);
}

/** Also structured booleans, and the free strings of brands. */
export function breaksBrands(value: Uint8Array): bool {
  return breaks(value, true, 1);
}

/** Parameters of a credential, which may hold a path. */
export function breaksParameters(value: Uint8Array): bool {
  return breaks(value, false, 8);
}

/** A token68 has no `..` here. */
export function breaksToken68(value: Uint8Array): bool {
  let previous: u8 = 0;
  for (let i = 0, length = value.length; i < length; i++) {
    const byte = unchecked(value[i]);
    if (!unchecked(token68Bytes[byte]) || (byte == DOT && previous == DOT)) return true;
    previous = byte;
  }
  return previous != 0 && unchecked(value[0]) == SLASH;
}

function breaks(value: Uint8Array, hint: bool, maxSlashes: i32): bool {
  /** The last byte that is no space, and whether spaces came after it. */
  let previous: u8 = COMMA;
  let spaced = false;
  let slashes = 0;
  let plus = 0;
  for (let at = 0, length = value.length; at < length; at++) {
    const byte = unchecked(value[at]);
    if (!spaced && unchecked(tokenBytes[byte])) {
      previous = byte;
      continue;
    }
    if (isBlank(byte)) {
      spaced = true;
      continue;
    }
    const separator = byte == COMMA || byte == SEMICOLON;
    const first = previous == COMMA || previous == SEMICOLON;
    if (spaced && !separator && !first) return true;
    spaced = false;
    if (separator) {
      slashes = plus = 0;
    } else if (byte == QUOTE) {
      if (!first && previous != EQUALS) return true;
      const end = quotedEnd(value, at + 1, hint);
      if (end < 0) return true;
      at = end;
    } else if (byte == PERCENT) {
      if (!isEncodedNonAscii(value, at)) return true;
    } else if (byte == APOSTROPHE) {
      if (!matchesAt(value, at - EXTENDED.length + 2, EXTENDED)) return true;
      at += 1;
    } else if (byte == SLASH) {
      slashes += 1;
      if (first || slashes > maxSlashes) return true;
    } else if (byte == PLUS) {
      plus += 1;
      if (plus > MAX_PLUS) return true;
    } else if (byte == DOT) {
      if (previous == DOT) return true;
    } else if (!isTokenByte(byte) && !(hint && byte == QUESTION && (first || previous == EQUALS))) {
      return true;
    }
    previous = byte;
  }
  return false;
}

/** Of the quoted string that goes on at `at`, its closing quote; -1: it has none, or holds what it need not. */
function quotedEnd(value: Uint8Array, at: i32, hint: bool): i32 {
  const start = at;
  let spaces = 0;
  let previous: u8 = 0;
  for (; at < value.length; at++) {
    const byte = unchecked(value[at]);
    if (byte == QUOTE) return at;
    if (byte == SPACE && hint) {
      spaces += 1;
    } else if (byte == PERCENT) {
      if (!isEncodedNonAscii(value, at)) return -1;
    } else if (byte == DOT || byte == SLASH) {
      if ((byte == DOT && previous == DOT) || (byte == SLASH && at == start)) return -1;
      if (byte == SLASH && previous == 0x2a) return -1;
    } else if (!isTokenByte(byte) && !isQuotedByte(byte) && !(hint && isBrandByte(byte))) {
      return -1;
    }
    if (hint && (spaces > MAX_HINT_SPACES || at - start >= MAX_HINT_BYTES)) return -1;
    previous = byte;
  }
  return -1;
}

/** Letters, digits and `* - : = @ _ ~`. */
function isTokenByte(byte: u8): bool {
  return unchecked(tokenBytes[byte]);
}

/** `# + , [ ]` */
function isQuotedByte(byte: u8): bool {
  return byte == 0x23 || byte == PLUS || byte == COMMA || byte == 0x5b || byte == 0x5d;
}

/** `! ( ) ; ?`, which Chromium puts into its made-up brands. */
function isBrandByte(byte: u8): bool {
  return byte == 0x21 || byte == 0x28 || byte == 0x29 || byte == SEMICOLON || byte == QUESTION;
}

/** `%` and two digits of a byte of a UTF-8 character: nothing of ASCII hides behind it. */
function isEncodedNonAscii(value: Uint8Array, at: i32): bool {
  if (at + 2 >= value.length) return false;
  const high = unchecked(value[at + 1]);
  return (high | 0x20) - 0x61 < 6 || high == 0x38 || high == 0x39;
}
