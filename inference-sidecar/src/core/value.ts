import type { MessageReader } from "./message.ts";

/** In the order of `ValueKind` in `filter/values/value.ts`. */
export const valueKinds = [
  "path",
  "path-segment",
  "query-name",
  "query-value",
  "cookie-name",
  "cookie-value",
  "header",
  "form-name",
  "form-value",
  "json-name",
  "json-string",
  "file-name",
  "file",
  "xml-name",
  "xml-text",
  "text",
  "rest",
  "path-parameter",
  "graphql-name",
  "graphql-string",
] as const;

/** In the order of `Component` there. */
export const components = ["path", "query", "header", "body"] as const;

export type Component = (typeof components)[number];

export interface Form {
  readonly bytes: Uint8Array;
  /** What led from the raw bytes to this form, in order. */
  readonly decodings: readonly string[];
}

export interface CoreValue {
  readonly kind: (typeof valueKinds)[number];
  readonly component: Component;
  /** Byte range of the raw value in its component. */
  readonly start: number;
  readonly end: number;
  /** Such as `query:q`. */
  readonly label: string;
  readonly name: Uint8Array;
  readonly forms: readonly Form[];
}

/** What `filter/core/value-message.ts` wrote. */
export function readValue(reader: MessageReader): CoreValue {
  const kind = valueKinds[reader.u32()] ?? "rest";
  const component = components[reader.u32()] ?? "body";
  const start = reader.u32();
  const end = reader.u32();
  const label = reader.text();
  const name = reader.bytes();
  const decodings = reader.list(() => reader.text());
  const forms = reader.list(() => ({ decodings: decodings.slice(0, reader.u32()), bytes: reader.bytes() }));
  return { kind, component, start, end, label, name, forms };
}
