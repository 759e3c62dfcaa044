import { bytes, equal } from "proxy-wasm-as/bytes";
import { collectTextRuns } from "./binary-content";
import { collectBody } from "./body";
import { Charset, charsetNamed, declaredCharsets, wideReadings } from "./charset";
import { Collector } from "./collector";
import { Container } from "./container";
import { BodyFormat, bodyFormat, isToldByLook } from "./content-type";
import { collectLabel } from "./encoded-label";
import { PartHeaders } from "./multipart-headers";
import { isPlainName } from "./plain-name";
import { Source } from "./source";
import { isBinary } from "./text-runs";
import { ValueKind } from "./value";
import { beginsAsXml } from "./xml";

export const enum PartOutcome {
  WellFormed,
  Malformed,
  Hidden,
}

/** Names the character set of all other fields (RFC 7578, section 4.6). */
const CHARSET_FIELD = bytes("_charset_");

/**
 * Name, file names and content of the part `start` to `end`, the `number`th; `mayBeEntity`: it may be one of those that have
 * no name.
 */
export function collectPart(
  collector: Collector,
  source: Source,
  start: i32,
  end: i32,
  number: i32,
  mayBeEntity: bool,
  depth: i32,
): PartOutcome {
  const headers = new PartHeaders(source.text, start, end, mayBeEntity);
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
  const texts = headers.freeTexts;
  for (let i = 0; i < texts.length; i += 4) {
    const header = collector.name(source.text, texts[i], texts[i + 1]);
    collectLabel(collector, ValueKind.Header, header, source, texts[i + 2], texts[i + 3]);
  }
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

/**
 * Only a file can be binary, and an entity whose type says nothing of text: what else is no file an application takes as
 * text, whatever bytes are in it. False: it is in a character set in which nothing would be seen.
 */
function collectContent(
  collector: Collector,
  headers: PartHeaders,
  name: Uint8Array,
  content: Source,
  depth: i32,
): bool {
  const type = headers.contentType;
  const format = bodyFormat(type);
  const isEntity = headers.isEntity;
  const isFile = headers.disposition.isFile || (isEntity && type.length > 0 && isToldByLook(format));
  const kind = isFile ? ValueKind.File : isEntity ? ValueKind.Text : ValueKind.FormValue;
  // Of a field an application takes a message as the text that it is.
  const isMessage = format == BodyFormat.HttpMessage || format == BodyFormat.MailMessage;
  if ((isStructured(format) && (isFile || isEntity || !isMessage)) || (isFile && beginsAsXml(content.text, 0))) {
    const inspected = collectBody(collector, type, content, depth + 1);
    // Most applications take a field as text whatever type it has.
    if (!isFile && !isEntity) collector.add(kind, name, content, 0, content.text.length, Container.Raw);
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
