/**
 * The pure stages for Node (`scripts/core.ts`): the very code that runs in Envoy, for training, evaluation and tests.
 * All messages are batches: u32 count, then the items.
 */
import { bytes } from "proxy-wasm-as/bytes";
import { HeaderMap } from "proxy-wasm-as/header-map";
import { MessageReader, MessageWriter } from "./core-message";
import { screenValue, worstEnd, worstStart } from "./screen/screen";
import { contentCodings } from "./values/content-coding";
import { MAX_INFLATED_BYTES } from "./values/content-layers";
import { Container, decodeForms } from "./values/decode";
import { extractFromBody, extractFromHeaders } from "./values/extract";
import { RequestBody } from "./values/request-body";
import { Component, decodingName, fieldLabel, Value, ValueKind } from "./values/value";

export { bundleDigest, clearBelow, denyAlone, modelDeny, screenReady } from "./screen/screen";

const CONTENT_TYPE = bytes("content-type");

export const Uint8Array_ID = idof<Uint8Array>();

/** Payloads (byte strings) → for each one value: the payload as a bare text. */
export function decodePayloads(batch: Uint8Array): Uint8Array {
  const input = new MessageReader(batch);
  const output = new MessageWriter();
  const count = input.u32();
  for (let i: u32 = 0; i < count; i++) {
    const payload = input.bytes();
    const decoded = decodeForms(payload, Container.Raw);
    const value = new Value(ValueKind.Text, Component.Body, payload.subarray(0, 0), 0, payload.length, decoded);
    writeValue(output, value);
  }
  return output.finish();
}

/** Requests, each a byte string of two: header pairs as the proxy-wasm host serializes them, body → for each its values. */
export function extractValues(batch: Uint8Array): Uint8Array {
  const input = new MessageReader(batch);
  const output = new MessageWriter();
  const count = input.u32();
  for (let i: u32 = 0; i < count; i++) {
    const request = new MessageReader(input.bytes());
    const headers = HeaderMap.decode(request.bytes());
    const body = request.bytes();
    const values: Value[] = [];
    extractFromHeaders(headers, values);
    if (body.length > 0) extractFromBody(wholeBody(headers, body), values);
    output.u32(values.length);
    for (let j = 0; j < values.length; j++) writeValue(output, values[j]);
  }
  return output.finish();
}

function wholeBody(headers: HeaderMap, body: Uint8Array): RequestBody {
  const contentType = headers.first(CONTENT_TYPE);
  const type = contentType === null ? body.subarray(0, 0) : contentType;
  return new RequestBody(type, contentCodings(headers), body, false, MAX_INFLATED_BYTES, true);
}

/** Values as they stand (byte strings, no decoding) → for each u32 score in millionths, worst window's start and end. */
export function screenValues(batch: Uint8Array): Uint8Array {
  const input = new MessageReader(batch);
  const output = new MessageWriter();
  const count = input.u32();
  for (let i: u32 = 0; i < count; i++) {
    output.u32(screenValue(input.bytes()));
    output.u32(worstStart());
    output.u32(worstEnd());
  }
  return output.finish();
}

/** u32 kind, component, start, end; byte strings label, name; count of decodings and their names; count of forms, each steps and bytes. */
function writeValue(output: MessageWriter, value: Value): void {
  output.u32(value.kind);
  output.u32(value.component);
  output.u32(value.start);
  output.u32(value.end);
  output.bytes(fieldLabel(value));
  output.bytes(value.name);
  const decodings = value.decodings;
  output.u32(decodings.length);
  for (let i = 0; i < decodings.length; i++) output.bytes(decodingName(decodings[i]));
  output.u32(value.forms.length);
  for (let i = 0; i < value.forms.length; i++) {
    output.u32(value.steps[i]);
    output.bytes(value.forms[i]);
  }
}
