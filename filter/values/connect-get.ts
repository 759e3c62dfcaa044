import { bytes, equal } from "proxy-wasm-as/bytes";
import { HeaderMap } from "proxy-wasm-as/header-map";
import { findByte } from "../encoding/find-byte";
import { percentDecoded } from "../encoding/percent";
import { PairReader } from "./pair-reader";

const METHOD = bytes(":method");
const PATH = bytes(":path");
const GET = bytes("GET");
const MESSAGE = bytes("message");
const ENCODING = bytes("encoding");
const COMPRESSION = bytes("compression");
const BASE64 = bytes("base64");
const ONE = bytes("1");
const IDENTITY = bytes("identity");
const GZIP = bytes("gzip");
const QUERY: u8 = 0x3f;
const AMPERSAND: u8 = 0x26;

/**
 * Whether it is a call of Connect by GET (its protocol, "Unary-Get-Request") whose message is compressed in a way in which
 * nothing of it is seen: other than by gzip in base64, which is inflated as that of any value is.
 */
export function hidesConnectMessage(headers: HeaderMap): bool {
  const path = headers.first(PATH);
  if (path === null) return false;
  const query = findByte(path, 0, path.length, QUERY);
  // It has three parameters at least: most requests are looked at no further.
  const second = findByte(path, query, path.length, AMPERSAND);
  if (second >= path.length || findByte(path, second + 1, path.length, AMPERSAND) == path.length) return false;
  const method = headers.first(METHOD);
  if (method === null || !equal(method, GET)) return false;
  let hasMessage = false;
  let hasEncoding = false;
  let isBase64 = false;
  let isGzip = false;
  let isUnknown = false;
  const pair = new PairReader(query + 1);
  while (pair.next < path.length) {
    pair.read(path, path.length);
    const name = percentDecoded(path.subarray(pair.start, pair.nameEnd), true);
    if (equal(name, MESSAGE)) hasMessage = true;
    else if (equal(name, ENCODING)) hasEncoding = true;
    else if (equal(name, BASE64)) isBase64 = equal(percentDecoded(path.subarray(pair.value, pair.end), true), ONE);
    else if (equal(name, COMPRESSION)) {
      const coding = percentDecoded(path.subarray(pair.value, pair.end), true);
      if (equal(coding, GZIP)) isGzip = true;
      else isUnknown = isUnknown || (coding.length > 0 && !equal(coding, IDENTITY));
    }
  }
  return hasMessage && hasEncoding && (isUnknown || (isGzip && !isBase64));
}
