import { bytes } from "proxy-wasm-as/bytes";
import { isLetterOrDigit } from "../encoding/letter-or-digit";
import { isBase64Text } from "./base64-text";
import { Container } from "./container";
import { matchesAt } from "./content-type";
import { Source } from "./source";

const SCHEME = bytes("data:");
/** In no container is a letter written otherwise, but by attacks: their head is looked at. */
const NAME = bytes("data");
/** What nobody runs. */
const TYPES = [bytes("text/csv"), bytes("text/plain")];
const BASE64 = bytes(";base64,");
const SEMICOLON: u8 = 0x3b;

/**
 * Of a value, the range of a source, that is a `data:` URL (RFC 2397) in base64 of plain text or CSV, as browsers hand over a
 * file: what it holds, or its digits where that is no text. Its head says nothing, and looks like the one of an attack.
 * null: it is none.
 */
export function plainContent(source: Source, from: i32, to: i32, container: Container): Source | null {
  if (!matchesAt(source.text, from, NAME)) return null;
  const url = source.within(from, to, container);
  const text = url.text;
  const start = headEnd(text);
  if (start < 0) return null;
  return url.within(start, text.length, isBase64Text(text, start, text.length) ? Container.Base64 : Container.Raw);
}

/** Where the content begins; -1: nowhere. */
function headEnd(text: Uint8Array): i32 {
  if (!matchesAt(text, 0, SCHEME)) return -1;
  for (let i = 0; i < TYPES.length; i++) {
    if (matchesAt(text, SCHEME.length, TYPES[i])) return parametersEnd(text, SCHEME.length + TYPES[i].length);
  }
  return -1;
}

function parametersEnd(text: Uint8Array, at: i32): i32 {
  while (at < text.length && unchecked(text[at]) == SEMICOLON) {
    if (matchesAt(text, at, BASE64)) return at + BASE64.length;
    at += 1;
    while (at < text.length && isParameterByte(unchecked(text[at]))) at += 1;
  }
  return -1;
}

/** Letters, digits, `=`, `-`, `.` and `_`. */
function isParameterByte(byte: u8): bool {
  return isLetterOrDigit(byte) || byte == 0x3d || byte == 0x2d || byte == 0x2e || byte == 0x5f;
}
