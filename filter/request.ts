import { bytes } from "proxy-wasm-as/bytes";
import { HeaderMap } from "proxy-wasm-as/header-map";
import { readDigits } from "./encoding/digits";

const METHOD = bytes(":method");
const PATH = bytes(":path");
const AUTHORITY = bytes(":authority");
const CONTENT_TYPE = bytes("content-type");
const CONTENT_LENGTH = bytes("content-length");
const UPGRADE = bytes("upgrade");
const NONE = new Uint8Array(0);
const QUERY: u8 = 0x3f;

/** The head of a request as the stages see it: views of one copy of its header pairs. */
export class AccessRequest {
  readonly method: Uint8Array;
  /** Without the query, as received: never normalised. */
  readonly path: Uint8Array;
  readonly host: Uint8Array;
  readonly contentType: Uint8Array;
  /** What the names of its fields mean, all together (`hygiene/field-roles.ts`); every bit, until each was looked at. */
  roles: u32 = u32.MAX_VALUE;

  constructor(public readonly headers: HeaderMap) {
    this.method = valueOrEmpty(headers, METHOD);
    const target = valueOrEmpty(headers, PATH);
    const query = target.indexOf(QUERY);
    this.path = query < 0 ? target : target.subarray(0, query);
    this.host = valueOrEmpty(headers, AUTHORITY);
    this.contentType = valueOrEmpty(headers, CONTENT_TYPE);
  }

  /** Bytes of the body as its head says (RFC 9110 section 8.6); 0: it does not say, or not in digits alone. */
  get contentLength(): i64 {
    const field = this.headers.first(CONTENT_LENGTH);
    return field === null ? 0 : max(0, readDigits(field));
  }

  /** Whether it asks for another protocol on its connection (RFC 9110 section 7.8): what follows has no end. */
  get isUpgrade(): bool {
    return this.headers.first(UPGRADE) !== null;
  }
}

function valueOrEmpty(headers: HeaderMap, name: Uint8Array): Uint8Array {
  const value = headers.first(name);
  return value === null ? NONE : value;
}
