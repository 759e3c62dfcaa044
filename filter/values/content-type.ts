import { bytes } from "proxy-wasm-as/bytes";
import { isLetterOrDigit } from "./plain-name";
import { isWhitespace } from "./spacing";

/** How a body is to be read. */
export const enum BodyFormat {
  Form,
  Json,
  Xml,
  Multipart,
  /** text/*: never taken for binary. */
  Text,
  /** Everything else: by its look. */
  Other,
}

const FORM = bytes("application/x-www-form-urlencoded");
const APPLICATION_JSON = bytes("application/json");
const JSON_SUFFIX = bytes("+json");
const XML_SUFFIX = bytes("+xml");
const XML_SUBTYPE = bytes("/xml");
const MULTIPART = bytes("multipart/");
const TEXT = bytes("text/");
const CHARSET = bytes("charset");
const SEMICOLON: u8 = 0x3b;
const EQUALS: u8 = 0x3d;
const STAR: u8 = 0x2a;

/** Character sets in which ASCII stands for itself, by how their names begin. */
const asciiCompatible: Uint8Array[] = [
  bytes("utf-8"),
  bytes("utf8"),
  bytes("us-ascii"),
  bytes("ascii"),
  bytes("iso-8859-"),
  bytes("latin"),
  bytes("windows-125"),
  bytes("cp125"),
  bytes("koi8-"),
  bytes("gb"),
  bytes("big5"),
  bytes("euc-"),
  bytes("shift_jis"),
];

/** Of a `content-type` (RFC 9110, section 8.3); parameters and case do not matter. */
export function bodyFormat(contentType: Uint8Array): BodyFormat {
  let end = contentType.indexOf(SEMICOLON);
  if (end < 0) end = contentType.length;
  while (end > 0 && isWhitespace(contentType[end - 1])) end -= 1;
  let start = 0;
  while (start < end && isWhitespace(contentType[start])) start += 1;
  const length = end - start;
  if (length == FORM.length && matchesAt(contentType, start, FORM)) return BodyFormat.Form;
  if (length == APPLICATION_JSON.length && matchesAt(contentType, start, APPLICATION_JSON)) return BodyFormat.Json;
  if (endsWith(contentType, start, end, JSON_SUFFIX)) return BodyFormat.Json;
  if (endsWith(contentType, start, end, XML_SUFFIX) || endsWith(contentType, start, end, XML_SUBTYPE))
    return BodyFormat.Xml;
  if (matchesAt(contentType, start, MULTIPART)) return BodyFormat.Multipart;
  return matchesAt(contentType, start, TEXT) ? BodyFormat.Text : BodyFormat.Other;
}

/**
 * Whether every `charset` that is named leaves ASCII as it is; under UTF-16, UTF-7 or EBCDIC nothing would be seen. The
 * name is looked for anywhere, so that no reading of quotes and separators hides it; whitespace, quotes and case do not
 * matter, and the extended form of RFC 8187 is none that we know.
 */
export function isAsciiCompatible(contentType: Uint8Array): bool {
  for (let at = 0; at + CHARSET.length <= contentType.length; at++) {
    if (!matchesAt(contentType, at, CHARSET)) continue;
    let next = skipWhitespace(contentType, at + CHARSET.length);
    if (next < contentType.length && contentType[next] == STAR) return false;
    if (next >= contentType.length || contentType[next] != EQUALS) continue;
    next = skipWhitespace(contentType, next + 1);
    while (next < contentType.length && isQuote(contentType[next])) next = skipWhitespace(contentType, next + 1);
    if (!isKnownCharset(contentType, next)) return false;
  }
  return true;
}

/** Whether the name at `at`, up to a quote, `;` or whitespace, is that of a character set in which ASCII is itself. */
export function isKnownCharset(text: Uint8Array, at: i32): bool {
  let known = false;
  for (let i = 0; i < asciiCompatible.length && !known; i++) known = matchesAt(text, at, asciiCompatible[i]);
  if (!known) return false;
  for (; at < text.length; at++) {
    const byte = text[at];
    if (isLetterOrDigit(byte) || byte == 0x2d || byte == 0x5f || byte == 0x3a) continue;
    return byte == SEMICOLON || isQuote(byte) || isWhitespace(byte);
  }
  return true;
}

export function skipWhitespace(text: Uint8Array, at: i32): i32 {
  while (at < text.length && isWhitespace(text[at])) at += 1;
  return at;
}

export function isQuote(byte: u8): bool {
  return byte == 0x22 || byte == 0x27;
}

/** Whether lower-case `expected` stands at `at`, in any case. */
export function matchesAt(text: Uint8Array, at: i32, expected: Uint8Array): bool {
  if (at < 0 || expected.length > text.length - at) return false;
  for (let i = 0; i < expected.length; i++) {
    const byte = text[at + i];
    const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    if (lower != expected[i]) return false;
  }
  return true;
}

function endsWith(text: Uint8Array, start: i32, end: i32, suffix: Uint8Array): bool {
  return end - suffix.length > start && matchesAt(text, end - suffix.length, suffix);
}
