import { bytes, equal } from "proxy-wasm-as/bytes";
import { collectBody } from "./body";
import { Charset, charsetNamed, declaredCharsets, wideReadings } from "./charset";
import { Collector } from "./collector";
import { Container } from "./container";
import { BodyFormat, bodyFormat, isToldByLook } from "./content-type";
import { hasEncodedWord } from "./encoded-word";
import { PartHeaders } from "./multipart-headers";
import { isPlainName } from "./plain-name";
import { Source } from "./source";
import { collectTextRuns, isBinary } from "./text-runs";
import { ValueKind } from "./value";
import { beginsAsXml } from "./xml";

export const enum PartOutcome {
  WellFormed,
  Malformed,
  Hidden,
}

/** Names the character set of all other fields (RFC 7578, section 4.6). */
const CHARSET_FIELD = bytes("_charset_");

/** Name, file names and content of the part `start` to `end`, the `number`th. */
export function collectPart(
  collector: Collector,
  source: Source,
  start: i32,
  end: i32,
  number: i32,
  depth: i32,
): PartOutcome {
  const headers = new PartHeaders(source.text, start, end, depth > 0);
  const disposition = headers.disposition;
  const name = disposition.name;
  if (!isPlainName(name, 0, name.length)) {
    const from = disposition.nameStart;
    collectLabel(collector, ValueKind.FormName, collector.number(number), source, from, from + name.length);
  }
  const fileName = disposition.fileNameStart;
  collectLabel(collector, ValueKind.FileName, name, source, fileName, disposition.fileNameEnd);
  collector.add(
    ValueKind.FileName,
    name,
    source,
    disposition.extendedStart,
    disposition.extendedEnd,
    Container.Percent,
  );
  const encoded = headers.encoding != Container.Raw;
  const content = source.within(headers.end, end, headers.encoding);
  let inspected = collectContent(collector, headers, name, content, depth);
  // Most applications do not look at `content-transfer-encoding` (RFC 7578, section 4.7) and take the content as it came.
  if (encoded) {
    const asSent = source.within(headers.end, end, Container.Raw);
    inspected = collectContent(collector, headers, name, asSent, depth) && inspected;
  }
  if (!inspected) return PartOutcome.Hidden;
  return headers.malformed ? PartOutcome.Malformed : PartOutcome.WellFormed;
}

/** The name of a field or a file, with its encoded words (RFC 2047) undone and, for those who do not, as it came. */
function collectLabel(
  collector: Collector,
  kind: ValueKind,
  name: Uint8Array,
  source: Source,
  from: i32,
  to: i32,
): void {
  collector.add(kind, name, source, from, to, Container.EncodedWords);
  if (to > from && hasEncodedWord(source.text.subarray(from, to))) {
    collector.add(kind, name, source, from, to, Container.Raw);
  }
}

/**
 * Only a file can be binary: what is no file an application takes as text, whatever bytes are in it. False: it is in a
 * character set in which nothing would be seen.
 */
function collectContent(
  collector: Collector,
  headers: PartHeaders,
  name: Uint8Array,
  content: Source,
  depth: i32,
): bool {
  const type = headers.contentType;
  const isFile = headers.disposition.isFile;
  const kind = isFile ? ValueKind.File : ValueKind.FormValue;
  if (isStructured(bodyFormat(type)) || (isFile && beginsAsXml(content.text, 0))) {
    const inspected = collectBody(collector, type, content, depth + 1);
    if (!isFile && isBinary(content.text)) collector.add(kind, name, content, 0, content.text.length, Container.Raw);
    return inspected;
  }
  const declared = declaredCharsets(type);
  if ((declared & Charset.Hidden) != 0) return false;
  if (equal(name, CHARSET_FIELD) && charsetNamed(content.text, 0) != Charset.Ascii) return false;
  const readings = wideReadings(content, declared);
  readings.push(content);
  for (let i = 0; i < readings.length; i++) {
    const reading = readings[i];
    if (isFile && isBinary(reading.text)) collectTextRuns(collector, kind, name, reading);
    else collector.add(kind, name, reading, 0, reading.text.length, Container.Raw);
  }
  return true;
}

function isStructured(format: BodyFormat): bool {
  return format != BodyFormat.Text && !isToldByLook(format);
}
