import { bytes, equal } from "proxy-wasm-as/bytes";
import { decodeBase64At } from "./base64-text";
import { collectBody } from "./body";
import { Collector } from "./collector";
import { BodyFormat, bodyFormat, isAsciiCompatible, isKnownCharset } from "./content-type";
import { Container } from "./decode";
import { PartHeaders, TransferEncoding } from "./multipart-headers";
import { isPlainName } from "./plain-name";
import { decodeQuotedPrintable } from "./quoted-printable";
import { collectTextRuns, isBinary } from "./text-runs";
import { Component, ValueKind } from "./value";
import { beginsAsXml } from "./xml";

export const enum PartOutcome {
  WellFormed,
  Malformed,
  Hidden,
}

/** Names the character set of all other fields (RFC 7578, section 4.6). */
const CHARSET_FIELD = bytes("_charset_");

/** Name, file names and content of the part `start` to `end`, the `number`th. */
export function collectPart(collector: Collector, body: Uint8Array, start: i32, end: i32, number: i32): PartOutcome {
  const headers = new PartHeaders(body, start, end);
  const disposition = headers.disposition;
  const name = disposition.name;
  collector.readFrom(0);
  if (!isPlainName(name, 0, name.length)) {
    const from = disposition.nameStart;
    collector.add(
      ValueKind.FormName,
      Component.Body,
      collector.number(number),
      body,
      from,
      from + name.length,
      Container.Raw,
    );
  }
  collector.add(
    ValueKind.FileName,
    Component.Body,
    name,
    body,
    disposition.fileNameStart,
    disposition.fileNameEnd,
    Container.Raw,
  );
  collector.add(
    ValueKind.FileName,
    Component.Body,
    name,
    body,
    disposition.extendedStart,
    disposition.extendedEnd,
    Container.Percent,
  );
  let content = body.subarray(headers.end, end);
  if (headers.encoding == TransferEncoding.Identity) {
    collector.readFrom(headers.end);
  } else {
    const decoded = content.slice();
    const base64 = headers.encoding == TransferEncoding.Base64;
    const length = base64
      ? decodeBase64At(decoded, 0, decoded.length, 0)
      : decodeQuotedPrintable(decoded, decoded.length);
    content = decoded.subarray(0, length);
    collector.readDecoded(headers.end, end);
  }
  const inspected = collectContent(collector, headers, name, content);
  collector.readFrom(0);
  if (!inspected) return PartOutcome.Hidden;
  return headers.malformed ? PartOutcome.Malformed : PartOutcome.WellFormed;
}

/**
 * Only a file can be binary: what is no file an application takes as text, whatever bytes are in it. False: it is in a
 * character set in which nothing would be seen.
 */
function collectContent(collector: Collector, headers: PartHeaders, name: Uint8Array, content: Uint8Array): bool {
  const type = headers.contentType;
  const format = bodyFormat(type);
  const known = format == BodyFormat.Json || format == BodyFormat.Form || format == BodyFormat.Xml;
  if (known || (headers.disposition.isFile && beginsAsXml(content, 0)))
    return collectBody(collector, type, content, true);
  if (!isAsciiCompatible(type)) return false;
  if (equal(name, CHARSET_FIELD) && !isKnownCharset(content, 0)) return false;
  if (headers.disposition.isFile && isBinary(content)) {
    collectTextRuns(collector, ValueKind.File, name, content);
    return true;
  }
  const kind = headers.disposition.isFile ? ValueKind.File : ValueKind.FormValue;
  collector.add(kind, Component.Body, name, content, 0, content.length, Container.Raw);
  return true;
}
