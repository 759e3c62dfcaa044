import { bytes } from "proxy-wasm-as/bytes";
import { isWhitespace } from "./spacing";

/** How a body is to be read. */
export const enum BodyFormat {
  Form,
  Json,
  /** Everything else: by its look. */
  Other,
}

const FORM = bytes("application/x-www-form-urlencoded");
const APPLICATION_JSON = bytes("application/json");
const JSON_SUFFIX = bytes("+json");
const CHARSET = bytes("charset=");
const SEMICOLON: u8 = 0x3b;
const QUOTE: u8 = 0x22;

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
  if (length == FORM.length && matches(contentType, start, FORM)) return BodyFormat.Form;
  if (length == APPLICATION_JSON.length && matches(contentType, start, APPLICATION_JSON)) return BodyFormat.Json;
  const suffix = end - JSON_SUFFIX.length;
  return suffix > start && matches(contentType, suffix, JSON_SUFFIX) ? BodyFormat.Json : BodyFormat.Other;
}

/** Whether every `charset` that is named leaves ASCII as it is; under UTF-16, UTF-7 or EBCDIC nothing would be seen. */
export function isAsciiCompatible(contentType: Uint8Array): bool {
  for (let at = 0; at + CHARSET.length <= contentType.length; at++) {
    if (!matches(contentType, at, CHARSET)) continue;
    let name = at + CHARSET.length;
    if (name < contentType.length && contentType[name] == QUOTE) name += 1;
    let known = false;
    for (let i = 0; i < asciiCompatible.length && !known; i++) known = matches(contentType, name, asciiCompatible[i]);
    if (!known) return false;
  }
  return true;
}

/** Whether lower-case `expected` stands at `at`, in any case. */
function matches(text: Uint8Array, at: i32, expected: Uint8Array): bool {
  if (expected.length > text.length - at) return false;
  for (let i = 0; i < expected.length; i++) {
    const byte = text[at + i];
    const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    if (lower != expected[i]) return false;
  }
  return true;
}
