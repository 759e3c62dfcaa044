import { compileEntry } from "../../harness/compile-entry.ts";

interface Exports extends Record<string, unknown> {
  Uint8Array_ID: { valueOf(): number };
  decodeBase64(text: number): number;
  decodeBase64Url(text: number): number;
  encodeHex(bytes: number): number;
  hexDigit(byte: number): number;
  isValidUtf8(bytes: number): number;
  encodeCodePoint(codePoint: number): number;
  tokens(text: number): number;
  skips(text: number): number;
}

type BytesExport = "decodeBase64" | "decodeBase64Url" | "encodeHex" | "isValidUtf8" | "tokens" | "skips";

/** The compiled encodings over Node's bytes. */
export async function loadEncodings() {
  const { exports } = await compileEntry<Exports>("test/filter/entries/encoding-entry.ts");
  let calls = 0;

  function call<T>(name: BytesExport, bytes: Uint8Array, take: (result: number) => T): T {
    const pointer = exports.__pin(exports.__newArray(Number(exports.Uint8Array_ID.valueOf()), bytes));
    const result = take(exports[name](pointer));
    exports.__unpin(pointer);
    calls += 1;
    if (calls % 256 === 0) exports.__collect();
    return result;
  }
  const copy = (pointer: number) => Buffer.from(exports.__getUint8Array(pointer));
  const orNull = (pointer: number) => (pointer === 0 ? null : copy(pointer));

  return {
    decodeBase64: (text: Uint8Array) => call("decodeBase64", text, orNull),
    decodeBase64Url: (text: Uint8Array) => call("decodeBase64Url", text, orNull),
    encodeHex: (bytes: Uint8Array) => call("encodeHex", bytes, copy),
    isValidUtf8: (bytes: Uint8Array) => call("isValidUtf8", bytes, (result) => result === 1),
    skips: (text: Uint8Array) => call("skips", text, (result) => result === 1),
    tokens: (text: Uint8Array) => call("tokens", text, copy),
    hexDigit: (byte: number) => exports.hexDigit(byte),
    encodeCodePoint: (codePoint: number) => copy(exports.encodeCodePoint(codePoint)),
  };
}
