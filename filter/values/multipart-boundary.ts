import { bytes } from "proxy-wasm-as/bytes";
import { isLetterOrDigit } from "../encoding/letter-or-digit";
import { matchesAt, skipWhitespace } from "./content-type";
import { isWhitespace } from "./spacing";

/** RFC 2046, section 5.1.1. */
const MAX_BOUNDARY_BYTES = 70;
const BOUNDARY = bytes("boundary");
/** Whose parts need no names (RFC 2046, sections 5.1.3 to 5.1.6; RFC 2387; RFC 6522). */
const entityTypes: Uint8Array[] = [
  bytes("multipart/mixed"),
  bytes("multipart/related"),
  bytes("multipart/alternative"),
  bytes("multipart/digest"),
  bytes("multipart/parallel"),
  bytes("multipart/report"),
];
const SPACE: u8 = 0x20;
const QUOTE: u8 = 0x22;
const SEMICOLON: u8 = 0x3b;
const EQUALS: u8 = 0x3d;
const DASH: u8 = 0x2d;

/**
 * The one boundary that a content type names; empty where it names none, several, or one that is not well-formed:
 * readers differ in what they make of it.
 */
export function boundaryOf(contentType: Uint8Array): Uint8Array {
  const none = contentType.subarray(0, 0);
  let found = none;
  for (let at = 0; at + BOUNDARY.length <= contentType.length; at++) {
    if (!matchesAt(contentType, at, BOUNDARY)) continue;
    if (found.length > 0) return none;
    let start = skipWhitespace(contentType, at + BOUNDARY.length);
    if (start >= contentType.length || contentType[start] != EQUALS) return none;
    start = skipWhitespace(contentType, start + 1);
    const quoted = start < contentType.length && contentType[start] == QUOTE;
    if (quoted) start += 1;
    let end = start;
    while (end < contentType.length && (isBoundaryByte(contentType[end]) || (quoted && contentType[end] == SPACE)))
      end += 1;
    let next = end;
    if (quoted) {
      if (next >= contentType.length || contentType[next] != QUOTE) return none;
      next += 1;
    }
    next = skipWhitespace(contentType, next);
    if (next < contentType.length && contentType[next] != SEMICOLON) return none;
    if (end == start || end - start > MAX_BOUNDARY_BYTES || contentType[end - 1] == SPACE) return none;
    found = contentType.subarray(start, end);
    at = end - 1;
  }
  return found;
}

/** Whether the parts are entities, as those of mail are, and no fields of a form. */
export function holdsEntities(contentType: Uint8Array): bool {
  const start = skipWhitespace(contentType, 0);
  for (let i = 0; i < entityTypes.length; i++) {
    if (!matchesAt(contentType, start, entityTypes[i])) continue;
    const next = skipWhitespace(contentType, start + entityTypes[i].length);
    return next == contentType.length || contentType[next] == SEMICOLON;
  }
  return false;
}

/** The boundary of a body that begins with `--` and a line of nothing but boundary characters; else empty. */
export function boundaryByLook(body: Uint8Array): Uint8Array {
  if (body.length < 3 || body[0] != DASH || body[1] != DASH) return body.subarray(0, 0);
  let end = 2;
  while (end < body.length && end <= MAX_BOUNDARY_BYTES + 2 && isBoundaryByte(body[end])) end += 1;
  const line = end < body.length && isWhitespace(body[end]) && end - 2 <= MAX_BOUNDARY_BYTES;
  return line ? body.subarray(2, end) : body.subarray(0, 0);
}

/** Of RFC 2046 all but the space, which stands only within quotes. */
function isBoundaryByte(byte: u8): bool {
  if (isLetterOrDigit(byte) || byte == 0x5f || byte == EQUALS || byte == 0x3f || byte == 0x3a) return true;
  return byte >= 0x27 && byte <= 0x2f && byte != 0x2a;
}
