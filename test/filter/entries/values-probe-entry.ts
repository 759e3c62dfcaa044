// A filter that answers each request with what it saw of it: the tests of the core compare that with the core's own.
import {
  BufferType,
  bytes,
  DataStatus,
  getBuffer,
  getRequestHeaders,
  HeaderList,
  HeaderMap,
  HeadersStatus,
  HttpContext,
  RootContext,
  registerRootContext,
  sendLocalResponse,
  TrailersStatus,
} from "proxy-wasm-as";
import { MessageWriter } from "../../../filter/core/message";
import { sha256 } from "../../../filter/crypto/sha256";
import { encodeHex } from "../../../filter/encoding/hex";
import { connectionCertificate } from "../../../filter/enforcement/peer";
import { screenValue, worstEnd, worstStart } from "../../../filter/screen/screen";
import { contentCodings, messageCoding } from "../../../filter/values/content-coding";
import { MAX_INFLATED_BYTES } from "../../../filter/values/content-layers";
import { decodingName } from "../../../filter/values/decoding";
import { extractFromBody, extractFromHeaders } from "../../../filter/values/extract";
import { fieldLabel } from "../../../filter/values/field-label";
import { RequestBody } from "../../../filter/values/request-body";
import { Value } from "../../../filter/values/value";

export * from "proxy-wasm-as/exports";

const CONTENT_TYPE = bytes("content-type");
const NONE = new Uint8Array(0);

registerRootContext((contextId: u32) => new ValuesRoot(contextId));

class ValuesRoot extends RootContext {
  createHttpContext(contextId: u32): HttpContext {
    return new ValuesProbe(contextId);
  }
}

class ValuesProbe extends HttpContext {
  private headers: HeaderMap = HeaderMap.decode(NONE);

  onRequestHeaders(_count: i32, endOfStream: bool): HeadersStatus {
    this.headers = getRequestHeaders();
    if (endOfStream) answer(this.headers, NONE);
    return HeadersStatus.StopIteration;
  }

  onRequestBody(_size: i32, endOfStream: bool): DataStatus {
    if (endOfStream) answer(this.headers, heldBody());
    return DataStatus.StopIterationAndBuffer;
  }

  onRequestTrailers(_count: i32): TrailersStatus {
    answer(this.headers, heldBody());
    return TrailersStatus.StopIteration;
  }
}

function heldBody(): Uint8Array {
  return getBuffer(BufferType.RequestBody, 0, i32.MAX_VALUE);
}

/** In the header `x-seen`, in hexadecimal: u32 peer presented, its URI, list of header pairs, digest of all values. */
function answer(headers: HeaderMap, body: Uint8Array): void {
  const values: Value[] = [];
  extractFromHeaders(headers, values);
  const contentType = headers.first(CONTENT_TYPE);
  const type = contentType === null ? NONE : contentType;
  const whole = new RequestBody(
    type,
    contentCodings(headers),
    messageCoding(headers),
    body,
    false,
    MAX_INFLATED_BYTES,
    true,
  );
  if (body.length > 0) extractFromBody(whole, values);

  const peer = connectionCertificate(0);
  const seen = new MessageWriter();
  seen.u32(u32(peer.presented));
  seen.bytes(peer.uri);
  seen.u32(headers.size);
  for (let i = 0; i < headers.size; i++) {
    seen.bytes(headers.name(i));
    seen.bytes(headers.value(i));
  }
  seen.bytes(digest(body, values));
  sendLocalResponse(200, bytes("seen"), new HeaderList().add(bytes("x-seen"), encodeHex(seen.finish())), NONE, -1);
}

/** SHA-256 over the body and everything of every value with its scores: see `valuesDigest` in `test/core/values-digest.ts`. */
function digest(body: Uint8Array, values: Value[]): Uint8Array {
  const writer = new MessageWriter();
  writer.bytes(body);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    writer.bytes(fieldLabel(value));
    writer.bytes(value.name);
    writer.u32(value.component);
    writer.u32(value.start);
    writer.u32(value.end);
    for (let j = 0; j < value.forms.length; j++) {
      writer.u32(value.steps[j]);
      for (let k = 0; k < value.steps[j]; k++) writer.bytes(decodingName(value.decodings[k]));
      writer.bytes(value.forms[j]);
      writer.u32(screenValue(value.forms[j]));
      writer.u32(worstStart());
      writer.u32(worstEnd());
    }
  }
  return sha256(writer.finish());
}
