// The values and suspects of a body that comes in steps.
import { MessageReader, MessageWriter } from "../../../filter/core/message";
import { writeValue } from "../../../filter/core/value-message";
import { Suspects } from "../../../filter/suspects";
import { extractFromBody } from "../../../filter/values/extract";
import { FormBeginning } from "../../../filter/values/form-beginning";
import { RequestBody } from "../../../filter/values/request-body";
import { Value } from "../../../filter/values/value";

export const Uint8Array_ID = idof<Uint8Array>();

const LIMIT: i32 = 1 << 18;

/**
 * Byte strings content type and body, u32 count and as many u32: bytes that have come at each step → u32 how many values were
 * there before the last step, a byte string of all values, one of all suspects.
 */
export function inSteps(message: Uint8Array): Uint8Array {
  const reader = new MessageReader(message);
  const contentType = reader.bytes();
  const body = reader.bytes();
  const codings: u8[] = [];
  const beginning = new FormBeginning(contentType, codings, 64 * 1024);
  const values: Value[] = [];
  const suspects = new Suspects();
  const steps = reader.u32();
  for (let i: u32 = 0; i < steps; i++) {
    const from = values.length;
    // A copy, as the host makes one.
    beginning.take(body.slice(0, reader.u32()), values);
    suspects.screen(values, from);
  }
  const early = values.length;
  const whole = new RequestBody(contentType, codings, -1, body, false, LIMIT, false);
  extractFromBody(whole, values, beginning);
  suspects.screen(values, early);
  beginning.release();
  const writer = new MessageWriter();
  writer.u32(early);
  writer.bytes(told(values));
  writer.bytes(found(suspects));
  return writer.finish();
}

function told(values: Value[]): Uint8Array {
  const writer = new MessageWriter();
  for (let i = 0; i < values.length; i++) writeValue(writer, values[i]);
  return writer.finish();
}

function found(suspects: Suspects): Uint8Array {
  const writer = new MessageWriter();
  writer.u32(u32(suspects.overflowed));
  for (let i = 0; i < suspects.worst.length; i++) {
    const suspect = suspects.worst[i];
    const origin = suspect.origin;
    writer.u32(suspect.millionths);
    writer.u32(suspect.edges);
    writer.bytes(suspect.window);
    writer.u32(origin.component);
    writer.u32(origin.start);
    writer.u32(origin.end);
  }
  return writer.finish();
}
