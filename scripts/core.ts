import { readFile } from "node:fs/promises";
import { instantiate } from "@assemblyscript/loader";
import { buildCore } from "./build/core.ts";
import { MessageReader, MessageWriter } from "./core-message.ts";

/** In the order of `ValueKind` in `filter/values/value.ts`. */
const valueKinds = [
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

const components = ["path", "query", "header", "body"] as const;

/** So many bytes of input go into one call. */
const BATCH_BYTES = 1 << 20;

export interface Form {
  readonly bytes: Uint8Array;
  /** What led from the raw bytes to this form, in order. */
  readonly decodings: readonly string[];
}

export interface CoreValue {
  readonly kind: (typeof valueKinds)[number];
  readonly component: (typeof components)[number];
  /** Byte range of the raw value in its component. */
  readonly start: number;
  readonly end: number;
  /** Such as `query:q`. */
  readonly label: string;
  readonly name: Uint8Array;
  readonly forms: readonly Form[];
}

export interface CoreRequest {
  readonly method: string;
  /** With the query, as on the wire; a string stands for its UTF-8. */
  readonly path: string | Uint8Array;
  readonly headers: readonly (readonly [name: string, value: string | Uint8Array])[];
  readonly body?: Uint8Array;
}

/** Bytes of one form of one value of a request, and what they came from. */
export interface Window {
  readonly value: number;
  readonly form: number;
  readonly start: number;
  readonly end: number;
}

export interface Origin {
  readonly component: (typeof components)[number];
  readonly start: number;
  readonly end: number;
}

export interface ScreenScore {
  /** Probability of an attack, 0 to 1,000,000. */
  readonly millionths: number;
  /** The window that carried it, at most 256 bytes. */
  readonly start: number;
  readonly end: number;
}

/** In millionths: see `models/bundle/manifest.json`. */
export interface Thresholds {
  readonly clearBelow: number;
  readonly denyAlone: number;
  readonly modelDeny: number;
}

export interface Core {
  /** Payloads as bare values: all forms of each, the first being the payload itself. */
  forms(payloads: readonly Uint8Array[]): Form[][];
  /** All values of each request. */
  values(requests: readonly CoreRequest[]): CoreValue[][];
  /** For each window of a request the smallest range of it from which the window was decoded. Indices must exist. */
  locate(request: CoreRequest, windows: readonly Window[]): Origin[];
  /** The screen's score of each text as it stands, without decoding. @throws Error there is no bundle */
  screen(texts: readonly Uint8Array[]): ScreenScore[];
  /** @throws Error there is no bundle */
  thresholds(): Thresholds;
  /** Of the module's memory; it never shrinks. */
  memoryBytes(): number;
}

type BatchFunction = (batch: number) => number;

interface Exports extends Record<string, unknown> {
  memory: { readonly buffer: ArrayBuffer };
  Uint8Array_ID: { valueOf(): number };
  decodePayloads: BatchFunction;
  extractValues: BatchFunction;
  locateWindows: BatchFunction;
  screenValues: BatchFunction;
  screenReady(): number;
  clearBelow(): number;
  denyAlone(): number;
  modelDeny(): number;
}

/** Loads the core, built first if it is missing or stale. @throws Error it does not compile */
export async function loadCore(): Promise<Core> {
  const { exports } = await instantiate<Exports>(await readFile(await buildCore()));
  const { __newArray, __getUint8Array, __collect } = exports;
  if (!__newArray || !__getUint8Array || !__collect)
    throw new Error("the core was built without its runtime's exports");

  function call<T>(
    batchFunction: BatchFunction,
    items: readonly Uint8Array[],
    readAnswer: (reader: MessageReader) => T,
  ): T[] {
    return inBatches(items, (batch) => {
      const message = new MessageWriter().u32(batch.length);
      for (const item of batch) message.bytes(item);
      const pointer = __newArray(exports.Uint8Array_ID.valueOf(), message.finish());
      const reader = new MessageReader(__getUint8Array(batchFunction(pointer)));
      __collect();
      return batch.map(() => readAnswer(reader));
    });
  }

  function requireScreen(): void {
    if (!exports.screenReady()) throw new Error("there is no bundle in models/bundle: the screen has no weights");
  }

  return {
    forms: (payloads) => call(exports.decodePayloads, payloads, (reader) => [...readValue(reader).forms]),
    values: (requests) =>
      call(
        exports.extractValues,
        requests.map((request) => encodeRequest(request)),
        (reader) => reader.list(() => readValue(reader)),
      ),
    locate: (request, windows) => {
      const [origins = []] = call(exports.locateWindows, [encodeRequest(request, windows)], (reader) =>
        reader.list(() => ({
          component: components[reader.u32()] ?? "body",
          start: reader.u32(),
          end: reader.u32(),
        })),
      );
      return origins;
    },
    memoryBytes: () => exports.memory.buffer.byteLength,
    screen: (texts) => {
      requireScreen();
      return call(exports.screenValues, texts, (reader) => ({
        millionths: reader.u32(),
        start: reader.u32(),
        end: reader.u32(),
      }));
    },
    thresholds: () => {
      requireScreen();
      return {
        clearBelow: exports.clearBelow() >>> 0,
        denyAlone: exports.denyAlone() >>> 0,
        modelDeny: exports.modelDeny() >>> 0,
      };
    },
  };
}

function inBatches<T>(items: readonly Uint8Array[], call: (batch: Uint8Array[]) => T[]): T[] {
  const results: T[] = [];
  let batch: Uint8Array[] = [];
  let size = 0;
  for (const item of items) {
    batch.push(item);
    size += item.length;
    if (size < BATCH_BYTES) continue;
    for (const result of call(batch)) results.push(result);
    batch = [];
    size = 0;
  }
  for (const result of call(batch)) results.push(result);
  return results;
}

/** The request's header pairs as the proxy-wasm host serializes them, and the body: two byte strings; then windows of it. */
function encodeRequest(request: CoreRequest, windows: readonly Window[] = []): Uint8Array {
  const pairs = [[":method", request.method], [":path", request.path], ...request.headers] as const;
  const texts = pairs.flat().map((text) => (typeof text === "string" ? Buffer.from(text) : text));
  let at = 4 + 4 * texts.length;
  // A NUL after each text.
  const encoded = Buffer.alloc(texts.reduce((length, text) => length + text.length + 1, at));
  encoded.writeUInt32LE(pairs.length, 0);
  for (const [index, text] of texts.entries()) {
    encoded.writeUInt32LE(text.length, 4 + 4 * index);
    encoded.set(text, at);
    at += text.length + 1;
  }
  const writer = new MessageWriter(encoded.length + 8)
    .bytes(encoded)
    .bytes(request.body ?? new Uint8Array(0))
    .u32(windows.length);
  for (const { value, form, start, end } of windows) writer.u32(value).u32(form).u32(start).u32(end);
  return writer.finish();
}

function readValue(reader: MessageReader): CoreValue {
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
