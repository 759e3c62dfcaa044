import { isVisibleAscii } from "../encoding/find-byte";
import { isLetterOrDigit } from "../encoding/letter-or-digit";
import { collectTextRuns } from "./binary-content";
import { Charset, charsetsByLook, declaredCharsets, isAsciiAlone, wideReadings } from "./charset";
import { Collector } from "./collector";
import { Container } from "./container";
import { BodyFormat, bodyFormat, isToldByLook } from "./content-type";
import { collectGraphql } from "./graphql";
import { collectHttpMessage } from "./http-message";
import { collectJson } from "./json";
import { collectMailMessage } from "./mail-message";
import { collectMultipart, looksLikeMultipart, MultipartOutcome } from "./multipart";
import { boundaryOf } from "./multipart-boundary";
import { Pairs } from "./pairs";
import { collectPrefixedTexts } from "./prefixed-texts";
import { collectProtobuf, isBareMessage } from "./protobuf-text";
import { Source } from "./source";
import { isWhitespace } from "./spacing";
import { isBinary } from "./text-runs";
import { ValueKind } from "./value";
import { beginsAsXml, collectXml, hidesAscii } from "./xml";

const EQUALS: u8 = 0x3d;
const OPEN_BRACE: u8 = 0x7b;
const OPEN_BRACKET: u8 = 0x5b;
const BYTE_ORDER_MARK: u32 = 0xbfbbef;
/** A part of a part, or of a message of mail, is the last in which parts are looked for. */
const MAX_MULTIPART_DEPTH = 2;
/** The same of messages of HTTP: the parts of a change set are some, each read in one way only. */
const MAX_HTTP_DEPTH = 4;

/**
 * The values of a body: as its content type says, and, where it says nothing or the body is something else, by its look:
 * what an application takes it for is not ours to know. `depth`: of how many bodies it is a part; `begun`: the
 * pairs of a form whose beginning was looked at before the rest had come. False: it is in a character set in which nothing
 * would be seen, or has parts whose boundary can't be told.
 */
export function collectBody(
  collector: Collector,
  contentType: Uint8Array,
  source: Source,
  depth: i32,
  begun: Pairs | null = null,
): bool {
  const format = bodyFormat(contentType);
  const declaredText = format == BodyFormat.Form || format == BodyFormat.Json || format == BodyFormat.Xml;
  const declared = declaredCharsets(contentType);
  if ((declared & Charset.Hidden) != 0) return false;
  const readings = wideReadings(source, declared | charsetsByLook(source.text, declaredText));
  // Where the type does not say where the parts begin, readers may find some that were not looked at.
  let inspected = format != BodyFormat.Multipart || boundaryOf(contentType).length > 0;
  let isWide = false;
  for (let i = 0; i < readings.length; i++) {
    inspected = collectReadable(collector, format, contentType, readings[i], depth) && inspected;
    isWide = isWide || isAsciiAlone(readings[i]);
  }
  if (isWide) return inspected;
  // Most applications do not look at `charset` and read byte by byte; what can be read wide is no text then as a whole.
  const isBinaryRecords = format == BodyFormat.Protobuf || format == BodyFormat.Records;
  const parted = format == BodyFormat.Form || format == BodyFormat.Multipart || isBinaryRecords;
  const narrow = readings.length > 0 && !parted ? BodyFormat.Other : format;
  return collectReadable(collector, narrow, contentType, source, depth, begun) && inspected;
}

/** Of a body in which ASCII stands for itself. */
function collectReadable(
  collector: Collector,
  format: BodyFormat,
  contentType: Uint8Array,
  source: Source,
  depth: i32,
  begun: Pairs | null = null,
): bool {
  const body = source.text;
  const start = textStart(body);
  if (start == body.length) return true;
  const isMessage = format == BodyFormat.Protobuf && collectProtobuf(collector, source);
  const byLook = (format == BodyFormat.Other || format == BodyFormat.Protobuf) && looksLikeMultipart(body);
  if (depth < MAX_MULTIPART_DEPTH && (format == BodyFormat.Multipart || byLook)) {
    const parts = collectMultipart(collector, contentType, source, depth);
    if (parts != MultipartOutcome.Malformed) return parts == MultipartOutcome.WellFormed;
    collectText(collector, format, source, start);
    return true;
  }
  let outcome = MultipartOutcome.Malformed;
  if (format == BodyFormat.HttpMessage && depth < MAX_HTTP_DEPTH) {
    outcome = collectHttpMessage(collector, source, depth);
  } else if (format == BodyFormat.MailMessage && depth < MAX_MULTIPART_DEPTH) {
    outcome = collectMailMessage(collector, source, depth);
  }
  if (outcome != MultipartOutcome.Malformed) return outcome == MultipartOutcome.WellFormed;
  const form = looksLikeForm(body, start);
  if (form || format == BodyFormat.Form) {
    const pairs = begun !== null ? begun : new Pairs(collector, ValueKind.FormName, ValueKind.FormValue, source, start);
    pairs.collectRest();
  }
  if (form && format == BodyFormat.Form) return true;
  const first = unchecked(body[start]);
  if (format == BodyFormat.Json || first == OPEN_BRACE || first == OPEN_BRACKET) {
    if (collectJson(collector, source, start, format == BodyFormat.Json)) return true;
  }
  if (format == BodyFormat.Xml || beginsAsXml(body, start)) {
    if (hidesAscii(source, start)) return false;
    // A text that only looks so may be taken as it came.
    if (collectXml(collector, source, start) && format == BodyFormat.Xml) return true;
  }
  if (format == BodyFormat.Graphql) collectGraphql(collector, source, start);
  if (!isMessage || !isBareMessage(body)) collectText(collector, format, source, start);
  return true;
}

/** The whole as one text, or the text in it where it is binary and nothing says or looks otherwise. */
function collectText(collector: Collector, format: BodyFormat, source: Source, start: i32): void {
  const body = source.text;
  const name = collector.name(body, 0, 0);
  const mayBeBinary = isToldByLook(format) || format == BodyFormat.Multipart;
  if (mayBeBinary && formNameEnd(body, start) < 0 && isBinary(body)) {
    if (format == BodyFormat.Records) collectPrefixedTexts(collector, ValueKind.Text, name, source);
    else collectTextRuns(collector, ValueKind.Text, name, source);
  } else {
    collector.add(ValueKind.Text, name, source, start, body.length, Container.Raw);
  }
}

/** Past a byte order mark (RFC 8259, section 8.1) and whitespace. */
export function textStart(body: Uint8Array): i32 {
  const marked = body.length >= 3 && (load<u16>(body.dataStart) | ((<u32>body[2]) << 16)) == BYTE_ORDER_MARK;
  let at = marked ? 3 : 0;
  while (at < body.length && isWhitespace(unchecked(body[at]))) at += 1;
  return at;
}

/** Whether it begins with a name and `=`, and holds no whitespace, control or non-ASCII byte, which forms encode. */
function looksLikeForm(body: Uint8Array, start: i32): bool {
  const nameEnd = formNameEnd(body, start);
  return nameEnd >= 0 && isVisibleAscii(body, nameEnd);
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
