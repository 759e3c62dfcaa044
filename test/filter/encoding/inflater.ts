import { compileEntry } from "../../harness/compile-entry.ts";

interface Exports extends Record<string, unknown> {
  Uint8Array_ID: { valueOf(): number };
  gunzip(source: number, limit: number): number;
  undeflate(source: number, limit: number): number;
  inflated(): number;
  crc32Of(bytes: number): number;
  adler32Of(bytes: number): number;
}

/** In the order of `InflateStatus`. */
const statuses = ["complete", "truncated", "corrupt", "too large"] as const;

export interface Inflated {
  readonly status: (typeof statuses)[number];
  readonly bytes: Buffer;
}

/** The largest bound that a policy can set. */
export const LARGEST = 256 * 1024;

/** So many bytes of garbage may lie about in the module. */
const COLLECT_FROM = 1 << 20;

/** The compiled readers of gzip and deflate over Node's bytes. */
export async function loadInflater() {
  const { exports } = await compileEntry<Exports>("test/filter/entries/inflate-entry.ts");
  let uncollected = 0;

  function pinned<T>(bytes: Uint8Array, use: (pointer: number) => T): T {
    const pointer = exports.__pin(exports.__newArray(Number(exports.Uint8Array_ID.valueOf()), bytes));
    const result = use(pointer);
    exports.__unpin(pointer);
    uncollected += bytes.length + 64;
    return result;
  }
  const reader = (name: "gunzip" | "undeflate") => {
    return (source: Uint8Array, limit = LARGEST): Inflated => {
      const status = statuses[pinned(source, (pointer) => exports[name](pointer, limit))];
      if (status === undefined) throw new Error("no such status");
      const inflated = Buffer.from(exports.__getUint8Array(exports.inflated()));
      uncollected += inflated.length + 64;
      if (uncollected > COLLECT_FROM) {
        exports.__collect();
        uncollected = 0;
      }
      return { status, bytes: inflated };
    };
  };

  return {
    gunzip: reader("gunzip"),
    undeflate: reader("undeflate"),
    crc32: (bytes: Uint8Array) => pinned(bytes, (pointer) => exports.crc32Of(pointer)) >>> 0,
    adler32: (bytes: Uint8Array) => pinned(bytes, (pointer) => exports.adler32Of(pointer)) >>> 0,
    /** Nanoseconds of one reading. */
    time: (name: "gunzip" | "undeflate", source: Uint8Array) =>
      pinned(source, (pointer) => {
        const before = process.hrtime.bigint();
        exports[name](pointer, LARGEST);
        return Number(process.hrtime.bigint() - before);
      }),
    /** Bytes of the module's memory. */
    memory: () => exports.memory.buffer.byteLength,
  };
}
