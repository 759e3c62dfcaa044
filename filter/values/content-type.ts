import { bytes } from "proxy-wasm-as/bytes";
import { recordFormats } from "./record-formats";
import { isWhitespace } from "./spacing";

/** How a body is to be read. */
export const enum BodyFormat {
  Form,
  Json,
  Xml,
  Multipart,
  /** A message of HTTP (RFC 9112, section 10), and one of mail (RFC 2046, section 5.2.1). */
  HttpMessage,
  MailMessage,
  /** text/*: never taken for binary. */
  Text,
  Graphql,
  MessagePack,
  Cbor,
  Protobuf,
  /** Binary, of which short texts are values, too: `recordFormats`. */
  Records,
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
const GRAPHQL = bytes("application/graphql");
const CBOR = bytes("application/cbor");
const CBOR_SUFFIX = bytes("+cbor");
const MESSAGE_PACK_SUFFIX = bytes("+msgpack");
const protobufSuffixes: Uint8Array[] = [bytes("+proto"), bytes("+protobuf")];
const SEMICOLON: u8 = 0x3b;

/** JSON texts that follow each other (RFC 7464 for the first). */
const jsonSequences: Uint8Array[] = [
  bytes("application/json-seq"),
  bytes("application/x-ndjson"),
  bytes("application/ndjson"),
  bytes("application/jsonl"),
  bytes("application/x-jsonlines"),
];

const httpMessages: Uint8Array[] = [bytes("application/http"), bytes("message/http")];
const mailMessages: Uint8Array[] = [bytes("message/rfc822"), bytes("message/global")];

const messagePacks: Uint8Array[] = [
  bytes("application/msgpack"),
  bytes("application/x-msgpack"),
  bytes("application/vnd.msgpack"),
];

const protobufs: Uint8Array[] = [
  bytes("application/proto"),
  bytes("application/x-proto"),
  bytes("application/vnd.google.protobuf"),
  bytes("application/x-google-protobuf"),
];

/** Of a `content-type` (RFC 9110, section 8.3); parameters and case do not matter. */
export function bodyFormat(contentType: Uint8Array): BodyFormat {
  let end = contentType.indexOf(SEMICOLON);
  if (end < 0) end = contentType.length;
  while (end > 0 && isWhitespace(contentType[end - 1])) end -= 1;
  let start = 0;
  while (start < end && isWhitespace(contentType[start])) start += 1;
  const length = end - start;
  // Whatever comes behind it: PHP, for one, takes what stands before a space.
  if (matchesAt(contentType, start, FORM)) return BodyFormat.Form;
  if (length == APPLICATION_JSON.length && matchesAt(contentType, start, APPLICATION_JSON)) return BodyFormat.Json;
  if (length == GRAPHQL.length && matchesAt(contentType, start, GRAPHQL)) return BodyFormat.Graphql;
  const type = contentType.subarray(start, end);
  if (isOneOfWords(jsonSequences, type)) return BodyFormat.Json;
  if (isOneOfWords(httpMessages, type)) return BodyFormat.HttpMessage;
  if (isOneOfWords(mailMessages, type)) return BodyFormat.MailMessage;
  if (endsWith(contentType, start, end, JSON_SUFFIX)) return BodyFormat.Json;
  if (endsWith(contentType, start, end, XML_SUFFIX) || endsWith(contentType, start, end, XML_SUBTYPE))
    return BodyFormat.Xml;
  if (matchesAt(contentType, start, MULTIPART)) return BodyFormat.Multipart;
  if (matchesAt(contentType, start, TEXT)) return BodyFormat.Text;
  // A sequence (`cbor-seq`, RFC 8742) is read alike.
  if (matchesAt(contentType, start, CBOR) || endsWith(contentType, start, end, CBOR_SUFFIX)) return BodyFormat.Cbor;
  if (beginsAsOneOf(messagePacks, type)) return BodyFormat.MessagePack;
  if (beginsAsOneOf(protobufs, type)) return BodyFormat.Protobuf;
  if (beginsAsOneOf(recordFormats, type)) return BodyFormat.Records;
  for (let i = 0; i < protobufSuffixes.length; i++) {
    if (endsWith(contentType, start, end, protobufSuffixes[i])) return BodyFormat.Protobuf;
  }
  return endsWith(contentType, start, end, MESSAGE_PACK_SUFFIX) ? BodyFormat.MessagePack : BodyFormat.Other;
}

/** Whether the format does not say that the body is text: its bytes show it. */
export function isToldByLook(format: BodyFormat): bool {
  const packed = format == BodyFormat.MessagePack || format == BodyFormat.Cbor || format == BodyFormat.Protobuf;
  return packed || format == BodyFormat.Records || format == BodyFormat.Other;
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

/** Whether it is that word, which is in lower case, in any case. */
export function isWord(text: Uint8Array, expected: Uint8Array): bool {
  return text.length == expected.length && matchesAt(text, 0, expected);
}

export function isOneOfWords(words: Uint8Array[], text: Uint8Array): bool {
  for (let i = 0; i < words.length; i++) if (isWord(text, words[i])) return true;
  return false;
}

function beginsAsOneOf(types: Uint8Array[], type: Uint8Array): bool {
  for (let i = 0; i < types.length; i++) if (matchesAt(type, 0, types[i])) return true;
  return false;
}

function endsWith(text: Uint8Array, start: i32, end: i32, suffix: Uint8Array): bool {
  return end - suffix.length > start && matchesAt(text, end - suffix.length, suffix);
}
