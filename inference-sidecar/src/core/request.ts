import { MessageWriter } from "./message.ts";

/** A request as Envoy gives it to a filter. A string stands for its UTF-8. */
export interface CoreRequest {
  /** The pseudo-headers of these names; left out where `headers` has them itself. */
  readonly method?: string;
  /** Host and port. */
  readonly authority?: string;
  /** With the query, as on the wire. */
  readonly path?: string | Uint8Array;
  /** In their order, repeated ones too; names in lower case. */
  readonly headers: readonly (readonly [name: string | Uint8Array, value: string | Uint8Array])[];
  readonly body?: Uint8Array;
}

/** Header pairs as the proxy-wasm host serializes them, and the body: two byte strings. */
export function writeRequest(writer: MessageWriter, request: CoreRequest): MessageWriter {
  return writer.bytes(headerPairs(request)).bytes(request.body ?? new Uint8Array(0));
}

export function encodeRequest(request: CoreRequest): Uint8Array {
  return writeRequest(new MessageWriter(), request).finish();
}

/** u32 count, u32 lengths of name and value of each pair, then all names and values, a NUL after each. */
function headerPairs({ method, authority, path, headers }: CoreRequest): Uint8Array {
  const pseudoHeaders = Object.entries({ ":method": method, ":path": path, ":authority": authority });
  const texts = [...pseudoHeaders.filter(([, value]) => value !== undefined), ...headers]
    .flat()
    .map((text) => (typeof text === "string" ? Buffer.from(text) : (text as Uint8Array)));
  let at = 4 + 4 * texts.length;
  const encoded = Buffer.alloc(texts.reduce((length, text) => length + text.length + 1, at));
  encoded.writeUInt32LE(texts.length / 2, 0);
  for (const [index, text] of texts.entries()) {
    encoded.writeUInt32LE(text.length, 4 + 4 * index);
    encoded.set(text, at);
    at += text.length + 1;
  }
  return encoded;
}
