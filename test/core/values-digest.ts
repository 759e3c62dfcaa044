import { createHash } from "node:crypto";
import { MessageWriter } from "../../inference-sidecar/src/core/message.ts";
import type { Core, CoreRequest, CoreValue } from "../../scripts/core.ts";

const components = ["path", "query", "header", "body"];

/**
 * For each request SHA-256 over its body and everything of every value: where it stands, its name, its forms, how each
 * came about, its score and worst window. As `test/filter/entries/values-probe-entry.ts` takes it in Envoy.
 */
export function valuesDigests(core: Core, requests: readonly CoreRequest[]): Buffer[] {
  return core.values(requests).map((values, index) => digest(core, requests[index]?.body ?? new Uint8Array(0), values));
}

function digest(core: Core, body: Uint8Array, values: readonly CoreValue[]): Buffer {
  const scores = core.screen(values.flatMap(({ forms }) => forms.map(({ bytes }) => bytes))).values();
  const writer = new MessageWriter().bytes(body);
  for (const { label, name, component, start, end, forms } of values) {
    writer.bytes(Buffer.from(label)).bytes(name).u32(components.indexOf(component)).u32(start).u32(end);
    for (const { decodings, bytes } of forms) {
      writer.u32(decodings.length);
      for (const decoding of decodings) writer.bytes(Buffer.from(decoding));
      const score = scores.next().value;
      writer.bytes(bytes);
      if (score) writer.u32(score.millionths).u32(score.start).u32(score.end);
    }
  }
  return createHash("sha256").update(writer.finish()).digest();
}
