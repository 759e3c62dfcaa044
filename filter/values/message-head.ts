import { bytes } from "proxy-wasm-as/bytes";
import { isBlank } from "../encoding/blank";
import { Container } from "./container";
import { isWord } from "./content-type";
import { breaksMailbox } from "./header-alphabet";
import { breaksTokens } from "./header-grammar";
import { isNameByte } from "./multipart-disposition";

const TYPE = bytes("content-type");
const CONTENT_ENCODING = bytes("content-encoding");
const TRANSFER_ENCODING = bytes("transfer-encoding");
const CONTENT_TRANSFER_ENCODING = bytes("content-transfer-encoding");
const BASE64 = bytes("base64");
const QUOTED_PRINTABLE = bytes("quoted-printable");
/** No field that is in use has a longer name. */
const MAX_NAME_BYTES = 64;
const COLON: u8 = 0x3a;
const AT: u8 = 0x40;
const LESS_THAN: u8 = 0x3c;
const GREATER_THAN: u8 = 0x3e;
const CARRIAGE_RETURN: u8 = 0x0d;
const LINE_FEED: u8 = 0x0a;

/**
 * The fields of a message that stands in a body (RFC 9112, section 5; RFC 5322, section 2.2), read from `at` up to the empty
 * line or the end. Linear.
 */
export class MessageHead {
  /** Where the content begins. */
  end: i32;
  /** Readers may see other fields in it. */
  malformed: bool = false;
  contentType: Uint8Array;
  encoding: Container = Container.Raw;
  /** The content is compressed, or in chunks. */
  isCoded: bool = false;
  /** Of each field in turn where its name starts and ends, and its value. */
  readonly fields: i32[] = [];

  constructor(
    private readonly text: Uint8Array,
    at: i32,
  ) {
    this.contentType = text.subarray(0, 0);
    while (at < text.length && !this.malformed) {
      const end = lineEnd(text, at);
      const next = min(end + 2, text.length);
      if (!endsLine(text, end)) this.malformed = true;
      else if (end > at) this.field(at, end);
      const isLast = end == at;
      at = next;
      if (isLast) break;
    }
    this.end = at;
  }

  private field(start: i32, end: i32): void {
    const text = this.text;
    let colon = start;
    while (colon < end && isNameByte(unchecked(text[colon]))) colon += 1;
    if (colon == start || colon - start > MAX_NAME_BYTES || colon == end || unchecked(text[colon]) != COLON) {
      this.malformed = true;
      return;
    }
    let from = colon + 1;
    let to = end;
    while (from < to && isBlank(unchecked(text[from]))) from += 1;
    while (to > from && isBlank(unchecked(text[to - 1]))) to -= 1;
    const fields = this.fields;
    fields.push(start);
    fields.push(colon);
    fields.push(from);
    fields.push(to);
    this.describe(text.subarray(start, colon), text.subarray(from, to));
  }

  /** What a field says of the content. */
  private describe(name: Uint8Array, value: Uint8Array): void {
    if (isWord(name, TYPE)) {
      if (this.contentType.length > 0) this.malformed = true;
      this.contentType = value;
    } else if (isWord(name, CONTENT_TRANSFER_ENCODING)) {
      if (this.encoding != Container.Raw) this.malformed = true;
      const encoding = transferEncoding(value);
      if (encoding != Container.Raw) this.encoding = encoding;
    } else if (isWord(name, CONTENT_ENCODING) || isWord(name, TRANSFER_ENCODING)) {
      this.isCoded = true;
    }
  }
}

/** What a `content-transfer-encoding` (RFC 2045, section 6.1) makes of a content; identities, and what is not known: nothing. */
export function transferEncoding(value: Uint8Array): Container {
  if (isWord(value, BASE64)) return Container.Base64;
  return isWord(value, QUOTED_PRINTABLE) ? Container.QuotedPrintable : Container.Raw;
}

/** Whether a value is neither a list of tokens nor an identifier in angle brackets (RFC 5322, section 3.6.4). */
export function breaksEntityField(value: Uint8Array): bool {
  const last = value.length - 1;
  if (last < 1 || value[0] != LESS_THAN || value[last] != GREATER_THAN || !value.includes(AT))
    return breaksTokens(value);
  return breaksMailbox(value.subarray(1, last));
}

/** Where the line that begins at `at` ends: its CR or LF, or the end. */
export function lineEnd(text: Uint8Array, at: i32): i32 {
  while (at < text.length && unchecked(text[at]) != CARRIAGE_RETURN && unchecked(text[at]) != LINE_FEED) at += 1;
  return at;
}

/** Whether a CRLF stands at `end`, or nothing more. */
export function endsLine(text: Uint8Array, end: i32): bool {
  if (end == text.length) return true;
  return end + 1 < text.length && text[end] == CARRIAGE_RETURN && text[end + 1] == LINE_FEED;
}
