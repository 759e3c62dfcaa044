import { Collector } from "./collector";
import { BodyFormat, bodyFormat, isAsciiCompatible } from "./content-type";
import { Container } from "./decode";
import { collectJson } from "./json";
import { collectMultipart, looksLikeMultipart, MultipartOutcome } from "./multipart";
import { collectPairs } from "./pairs";
import { isLetterOrDigit } from "./plain-name";
import { isWhitespace } from "./spacing";
import { collectTextRuns, isBinary } from "./text-runs";
import { Component, ValueKind } from "./value";
import { beginsAsXml, collectXml, hidesAscii } from "./xml";

const EQUALS: u8 = 0x3d;
const LESS_THAN: u8 = 0x3c;
const OPEN_BRACE: u8 = 0x7b;
const OPEN_BRACKET: u8 = 0x5b;
const BYTE_ORDER_MARK: u32 = 0xbfbbef;

/**
 * The values of a body: as its content type says, and, where it says nothing or the body is something else, by its look:
 * what an application takes it for is not ours to know. `isPart`: it is a part of a multipart body, in which no further
 * parts are looked for. False: it is in a character set in which nothing would be seen.
 */
export function collectBody(collector: Collector, contentType: Uint8Array, body: Uint8Array, isPart: bool): bool {
  const format = bodyFormat(contentType);
  const declaredText = format == BodyFormat.Form || format == BodyFormat.Json || format == BodyFormat.Xml;
  if (!isAsciiCompatible(contentType) || isWide(body, declaredText)) return false;
  const start = textStart(body);
  if (start == body.length) return true;
  if (!isPart && (format == BodyFormat.Multipart || (contentType.length == 0 && looksLikeMultipart(body)))) {
    const outcome = collectMultipart(collector, contentType, body);
    collector.readFrom(0);
    if (outcome != MultipartOutcome.Malformed) return outcome == MultipartOutcome.WellFormed;
    collectText(collector, format, body, start);
    return true;
  }
  const form = looksLikeForm(body, start);
  if (form || format == BodyFormat.Form) {
    collectPairs(collector, Component.Body, ValueKind.FormName, ValueKind.FormValue, body, start, body.length);
  }
  if (form && format == BodyFormat.Form) return true;
  const first = unchecked(body[start]);
  if (format == BodyFormat.Json || first == OPEN_BRACE || first == OPEN_BRACKET) {
    if (collectJson(collector, body, start)) return true;
  }
  if (format == BodyFormat.Xml || beginsAsXml(body, start)) {
    if (hidesAscii(body, start)) return false;
    if (collectXml(collector, body, start)) return true;
  }
  collectText(collector, format, body, start);
  return true;
}

/** The whole as one text, or the text in it where it is binary and nothing says or looks otherwise. */
function collectText(collector: Collector, format: BodyFormat, body: Uint8Array, start: i32): void {
  const name = body.subarray(0, 0);
  const mayBeBinary = format == BodyFormat.Other || format == BodyFormat.Multipart;
  if (mayBeBinary && formNameEnd(body, start) < 0 && isBinary(body)) {
    collectTextRuns(collector, ValueKind.Text, name, body);
  } else {
    collector.add(ValueKind.Text, Component.Body, name, body, start, body.length, Container.Raw);
  }
}

/** Past a byte order mark (RFC 8259, section 8.1) and whitespace. */
function textStart(body: Uint8Array): i32 {
  const marked = body.length >= 3 && (load<u16>(body.dataStart) | ((<u32>body[2]) << 16)) == BYTE_ORDER_MARK;
  let at = marked ? 3 : 0;
  while (at < body.length && isWhitespace(unchecked(body[at]))) at += 1;
  return at;
}

/**
 * Whether it can be UTF-16 or UTF-32, which lenient readers detect by its first bytes. Where text is declared, a NUL or a
 * byte of a byte order mark among them tells it; elsewhere only the mark, or markup next to a NUL: a file may begin so.
 */
function isWide(body: Uint8Array, declaredText: bool): bool {
  const first = body.length > 1 ? unchecked(body[0]) : 0x20;
  const second = body.length > 1 ? unchecked(body[1]) : 0x20;
  if ((first == 0xff && second == 0xfe) || (first == 0xfe && second == 0xff)) return true;
  if (first == 0 || second == 0) return declaredText || isMarkup(first | second);
  return declaredText && (first >= 0xfe || second >= 0xfe);
}

function isMarkup(byte: u8): bool {
  return byte == LESS_THAN || byte == OPEN_BRACE || byte == OPEN_BRACKET;
}

/** Whether it begins with a name and `=`, and holds no whitespace, control or non-ASCII byte, which forms encode. */
function looksLikeForm(body: Uint8Array, start: i32): bool {
  let at = formNameEnd(body, start);
  if (at < 0) return false;
  for (; at < body.length; at++) {
    const byte = unchecked(body[at]);
    if (byte <= 0x20 || byte >= 0x7f) return false;
  }
  return true;
}

/** Where the name ends that it begins with and `=` follows; -1: there is none. */
function formNameEnd(body: Uint8Array, start: i32): i32 {
  let at = start;
  while (at < body.length && isFormNameByte(unchecked(body[at]))) at += 1;
  return at == start || at == body.length || unchecked(body[at]) != EQUALS ? -1 : at;
}

/** Letters, digits and `% + - . [ ] _`. */
function isFormNameByte(byte: u8): bool {
  if (isLetterOrDigit(byte) || byte == 0x5f || byte == 0x5b || byte == 0x5d) return true;
  return byte == 0x25 || byte == 0x2b || byte == 0x2d || byte == 0x2e;
}
