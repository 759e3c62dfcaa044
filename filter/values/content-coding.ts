import { bytes } from "proxy-wasm-as/bytes";
import { HeaderMap } from "proxy-wasm-as/header-map";
import { trimmed } from "../encoding/blank";
import { isOneOfWords, isWord } from "./content-type";
import { Decoding } from "./decoding";

/** So many codings of one body are undone. */
export const MAX_CODINGS: i32 = 2;

const CONTENT_ENCODING = bytes("content-encoding");
const messageEncodings: Uint8Array[] = [bytes("grpc-encoding"), bytes("connect-content-encoding")];
const GZIP = bytes("gzip");
const X_GZIP = bytes("x-gzip");
const DEFLATE = bytes("deflate");
const AWS_CHUNKED = bytes("aws-chunked");
const IDENTITY = bytes("identity");
/** Character sets that clients take for a coding: nobody undoes them. */
const charsets: Uint8Array[] = [bytes("utf-8"), bytes("utf8")];
const COMMA: u8 = 0x2c;

/**
 * The codings of a body in the order in which they were applied (RFC 9110, section 8.4), all fields of that name taken
 * together; empty elements of a list count for nothing (section 5.6.1). Chunks of S3 are around all others, wherever they are
 * named. null: one is unknown, or there are more than are undone.
 */
export function contentCodings(headers: HeaderMap): u8[] | null {
  const codings: u8[] = [];
  let isChunked = false;
  for (let i = headers.indexOf(CONTENT_ENCODING); i >= 0; i = headers.indexOf(CONTENT_ENCODING, i + 1)) {
    const field = headers.value(i);
    for (let at = 0; at <= field.length; ) {
      const comma = field.indexOf(COMMA, at);
      const end = comma < 0 ? field.length : comma;
      const name = trimmed(field, at, end);
      at = end + 1;
      if (name.length == 0 || isWord(name, IDENTITY) || isOneOfWords(charsets, name)) continue;
      if (isWord(name, AWS_CHUNKED)) {
        isChunked = true;
        continue;
      }
      if (codings.length == MAX_CODINGS) return null;
      if (isWord(name, GZIP) || isWord(name, X_GZIP)) codings.push(<u8>Decoding.Gzip);
      else if (isWord(name, DEFLATE)) codings.push(<u8>Decoding.Deflate);
      else return null;
    }
  }
  if (isChunked) codings.push(<u8>Decoding.AwsChunked);
  return codings;
}

/**
 * How the messages of a body are compressed that say that they are: gRPC's and Connect's fields for it. `Decoding.Gzip`, which
 * is told by its first bytes, where nothing says; -1: in another way, or in two.
 */
export function messageCoding(headers: HeaderMap): i32 {
  let found: i32 = -1;
  for (let i = 0; i < messageEncodings.length; i++) {
    const name = unchecked(messageEncodings[i]);
    for (let at = headers.indexOf(name); at >= 0; at = headers.indexOf(name, at + 1)) {
      const value = headers.value(at);
      if (isWord(value, IDENTITY)) continue;
      const coding = isWord(value, GZIP) ? Decoding.Gzip : isWord(value, DEFLATE) ? Decoding.Deflate : -1;
      if (coding < 0 || (found >= 0 && found != coding)) return -1;
      found = coding;
    }
  }
  return found < 0 ? Decoding.Gzip : found;
}
