/**
 * The pure stages for Node (`scripts/core.ts`): the very code that runs in Envoy, for training, evaluation and tests.
 * All messages are batches: u32 count, then the items.
 */
import { MessageReader, MessageWriter } from "./core-message";
import { Container, decodeForms } from "./values/decode";
import { fieldLabel } from "./values/field-label";
import { Component, Value, ValueKind } from "./values/value";

export const Uint8Array_ID = idof<Uint8Array>();

/** Payloads (byte strings) → for each a list of one value: the payload as a bare text. */
export function decodePayloads(batch: Uint8Array): Uint8Array {
  const input = new MessageReader(batch);
  const output = new MessageWriter();
  const count = input.u32();
  for (let i: u32 = 0; i < count; i++) {
    const payload = input.bytes();
    const decoded = decodeForms(payload, Container.Raw);
    const value = new Value(ValueKind.Text, Component.Body, payload.subarray(0, 0), 0, payload.length, decoded);
    output.u32(1);
    writeValue(output, value);
  }
  return output.finish();
}

/** u32 kind, component, start, end; byte strings label, name, decodings; u32 count of forms, each u32 steps and bytes. */
function writeValue(output: MessageWriter, value: Value): void {
  output.u32(value.kind);
  output.u32(value.component);
  output.u32(value.start);
  output.u32(value.end);
  output.bytes(fieldLabel(value));
  output.bytes(value.name);
  const decodings = value.decodings;
  output.u32(decodings.length);
  for (let i = 0; i < decodings.length; i++) output.u32(decodings[i]);
  output.u32(value.forms.length);
  for (let i = 0; i < value.forms.length; i++) {
    output.u32(value.steps[i]);
    output.bytes(value.forms[i]);
  }
}
