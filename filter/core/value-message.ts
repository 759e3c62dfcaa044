import { decodingName } from "../values/decoding";
import { fieldLabel } from "../values/field-label";
import { Value } from "../values/value";
import { MessageWriter } from "./message";

/** u32 kind, component, start, end; byte strings label, name; count of decodings and their names; count of forms, each steps and bytes. */
export function writeValue(output: MessageWriter, value: Value): void {
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
