import { instantiateSync } from "@assemblyscript/loader";
import { compileEntry } from "../../harness/compile-entry.ts";

export const SEGMENT_OFFSET = 1024;
export const RESERVED_END = 589_824;
const HEADER_BYTES = 64;

interface ScreenExports extends Record<string, unknown> {
  memory: { buffer: ArrayBuffer };
  Uint8Array_ID: { valueOf(): number };
  screenReady(): number;
  bundleDigest(): number;
  screenValue(value: number): number;
  worstStart(): number;
  worstEnd(): number;
  worstSum(): number;
  clearBelow(): number;
  denyAlone(): number;
  modelDeny(): number;
}

export interface ScreenResult {
  score: number;
  sum: number;
  start: number;
  end: number;
}

/** The compiled screen, with whatever segment a test puts in: each into a new instance, as in a gateway. */
export async function compiledScreen() {
  const { module } = await compileEntry<ScreenExports>("test/filter/entries/screen-entry.ts");
  let { exports } = instantiateSync<ScreenExports>(module);
  return {
    get exports() {
      return exports;
    },
    put(segment: Uint8Array): void {
      exports = instantiateSync<ScreenExports>(module).exports;
      new Uint8Array(exports.memory.buffer).set(segment, SEGMENT_OFFSET);
    },
    screen(value: Uint8Array): ScreenResult {
      const score = exports.screenValue(exports.__newArray(exports.Uint8Array_ID.valueOf(), value)) >>> 0;
      const result = { score, sum: exports.worstSum(), start: exports.worstStart(), end: exports.worstEnd() };
      exports.__collect();
      return result;
    },
    digest: (): Uint8Array => exports.__getUint8Array(exports.bundleDigest()),
  };
}

export interface SegmentFields {
  tableBits?: number;
  clearBelow?: number;
  denyAlone?: number;
  modelDeny?: number;
  bias?: number;
  scale?: number;
}

export function segmentOf(weights: Int8Array, fields: SegmentFields = {}): Uint8Array {
  const segment = Buffer.alloc(HEADER_BYTES + weights.length);
  segment.writeUInt32LE(0x47535350, 0);
  segment.writeUInt16LE(1, 4);
  segment.writeUInt8(fields.tableBits ?? Math.log2(weights.length), 6);
  segment.writeUInt8(1, 7);
  segment.fill(0xd1, 8, 40);
  segment.writeUInt32LE(fields.clearBelow ?? 10_000, 40);
  segment.writeUInt32LE(fields.denyAlone ?? 990_000, 44);
  segment.writeUInt32LE(fields.modelDeny ?? 900_000, 48);
  segment.writeFloatLE(fields.bias ?? -6, 52);
  segment.writeFloatLE(fields.scale ?? 0.01, 56);
  segment.writeUInt32LE(weights.length, 60);
  segment.set(Buffer.from(weights.buffer, weights.byteOffset, weights.length), HEADER_BYTES);
  return segment;
}

/** Weights that mean nothing, the same on every run. */
export function arbitraryWeights(tableBits: number): Int8Array {
  let state = 12345;
  return Int8Array.from({ length: 2 ** tableBits }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 24) - 150;
  });
}
