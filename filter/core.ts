/**
 * The pure stages for Node (`inference-sidecar/src/core/core.ts`): the very code that runs in Envoy, for training, evaluation, tests and
 * decisions outside of a proxy. The messages of this file are batches: u32 count, then the items.
 */
import { bytes } from "proxy-wasm-as/bytes";
import { HeaderMap } from "proxy-wasm-as/header-map";
import { MessageReader, MessageWriter } from "./core/message";
import { writeValue } from "./core/value-message";
import { maySign } from "./identity/signing-certificate";
import { screenValue, worstEnd, worstStart } from "./screen/screen";
import { Container } from "./values/container";
import { contentCodings, messageCoding } from "./values/content-coding";
import { MAX_INFLATED_BYTES } from "./values/content-layers";
import { decodeForms } from "./values/decode";
import { extractFromBody, extractFromHeaders } from "./values/extract";
import { noDecodings } from "./values/forms";
import { originOf } from "./values/origin";
import { RequestBody } from "./values/request-body";
import { Component, Source } from "./values/source";
import { Value, ValueKind } from "./values/value";

export { answerQuestion, enforcement, evaluate } from "./core/evaluation";
export { closeGate, openGate, policyRefusal, rememberProofs } from "./core/gate";
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
    const source = Source.of(Component.Body, payload);
    const decoded = decodeForms(payload, Container.Raw, noDecodings);
    const name = payload.subarray(0, 0);
    writeValue(output, new Value(ValueKind.Text, name, source, 0, payload.length, Container.Raw, decoded));
  }
  return output.finish();
}

/** Requests, each a byte string of two: header pairs as the proxy-wasm host serializes them, body → for each its values. */
export function extractValues(batch: Uint8Array): Uint8Array {
  const input = new MessageReader(batch);
  const output = new MessageWriter();
  const count = input.u32();
  for (let i: u32 = 0; i < count; i++) {
    const values = readValues(new MessageReader(input.bytes()));
    output.u32(values.length);
    for (let j = 0; j < values.length; j++) writeValue(output, values[j]);
  }
  return output.finish();
}

/**
 * Requests as above, each followed in its byte string by u32 count and as many windows (u32 index of a value, of its form,
 * start and end in it) → for each window u32 component, start and end of what it came from.
 */
export function locateWindows(batch: Uint8Array): Uint8Array {
  const input = new MessageReader(batch);
  const output = new MessageWriter();
  const count = input.u32();
  for (let i: u32 = 0; i < count; i++) {
    const item = new MessageReader(input.bytes());
    const values = readValues(item);
    const windows = item.u32();
    output.u32(windows);
    for (let j: u32 = 0; j < windows; j++) {
      const value = values[item.u32()];
      const form = item.u32();
      const start = item.u32();
      const origin = originOf(value, form, start, item.u32());
      output.u32(origin.component);
      output.u32(origin.start);
      output.u32(origin.end);
    }
  }
  return output.finish();
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

/** Certificates (byte strings, DER) → for each u32 1: it may sign others, 0: it may not. */
export function signingCertificates(batch: Uint8Array): Uint8Array {
  const input = new MessageReader(batch);
  const output = new MessageWriter();
  const count = input.u32();
  for (let i: u32 = 0; i < count; i++) output.u32(u32(maySign(input.bytes())));
  return output.finish();
}

/** All values of a request: two byte strings, header pairs and body. */
function readValues(request: MessageReader): Value[] {
  const headers = HeaderMap.decode(request.bytes());
  const body = request.bytes();
  const values: Value[] = [];
  extractFromHeaders(headers, values);
  if (body.length > 0) extractFromBody(wholeBody(headers, body), values);
  return values;
}

function wholeBody(headers: HeaderMap, body: Uint8Array): RequestBody {
  const contentType = headers.first(CONTENT_TYPE);
  const type = contentType === null ? body.subarray(0, 0) : contentType;
  return new RequestBody(type, contentCodings(headers), messageCoding(headers), body, false, MAX_INFLATED_BYTES, true);
}
