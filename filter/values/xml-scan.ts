import { bytes } from "proxy-wasm-as/bytes";
import { isLetterOrDigit } from "../encoding/letter-or-digit";
import { isQuote, matchesAt } from "./content-type";
import { isWhitespace } from "./spacing";

export const COMMENT = bytes("<!--");
export const COMMENT_END = bytes("-->");
export const CDATA = bytes("<![cdata[");
export const CDATA_END = bytes("]]>");
export const INSTRUCTION_END = bytes("?>");
const GREATER_THAN: u8 = 0x3e;
const OPEN_BRACKET: u8 = 0x5b;
const CLOSE_BRACKET: u8 = 0x5d;

/** Where lower-case `mark` stands next, in any case; -1: nowhere. */
export function find(text: Uint8Array, at: i32, mark: Uint8Array): i32 {
  for (const last = text.length - mark.length; at <= last; at++) {
    if (matchesAt(text, at, mark)) return at;
  }
  return -1;
}

/** Past a `<!…>` with quoted literals, comments and an internal subset in brackets (XML 1.0, section 2.8); -1: it does not end. */
export function declarationEnd(text: Uint8Array, at: i32): i32 {
  let depth = 0;
  let quote: u8 = 0;
  while (at < text.length) {
    const byte = unchecked(text[at]);
    if (quote != 0) {
      if (byte == quote) quote = 0;
    } else if (isQuote(byte)) {
      quote = byte;
    } else if (byte == OPEN_BRACKET) {
      depth += 1;
    } else if (byte == CLOSE_BRACKET) {
      depth -= 1;
    } else if (byte == GREATER_THAN && depth <= 0) {
      return at + 1;
    } else if (matchesAt(text, at, COMMENT)) {
      const end = find(text, at + COMMENT.length, COMMENT_END);
      if (end < 0) return -1;
      at = end + COMMENT_END.length;
      continue;
    }
    at += 1;
  }
  return -1;
}

/** Past a tag with quoted values; -1: it does not end. */
export function tagEnd(text: Uint8Array, at: i32): i32 {
  let quote: u8 = 0;
  for (; at < text.length; at++) {
    const byte = unchecked(text[at]);
    if (quote != 0) {
      if (byte == quote) quote = 0;
    } else if (isQuote(byte)) {
      quote = byte;
    } else if (byte == GREATER_THAN) {
      return at + 1;
    }
  }
  return -1;
}

/** Whether an XML declaration holds only what versions, encodings and `standalone` need. */
export function isPlainDeclaration(text: Uint8Array, start: i32, end: i32): bool {
  for (let i = start + 2; i < end - 2; i++) {
    const byte = unchecked(text[i]);
    if (isLetterOrDigit(byte) || isWhitespace(byte) || isQuote(byte)) continue;
    if (byte != 0x3d && byte != 0x2e && byte != 0x2d && byte != 0x5f) return false;
  }
  return true;
}
