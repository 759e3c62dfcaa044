import { adler32 } from "../../../filter/encoding/adler32";
import { crc32 } from "../../../filter/encoding/crc32";
import { inflateGzip } from "../../../filter/encoding/gzip";
import { InflateOutput } from "../../../filter/encoding/inflate-output";
import { InflateStatus } from "../../../filter/encoding/inflate-status";
import { inflateDeflate } from "../../../filter/encoding/zlib";

export const Uint8Array_ID = idof<Uint8Array>();

let last = new InflateOutput(0);

/** The `InflateStatus`; what was inflated stays until the next call. */
export function gunzip(source: Uint8Array, limit: i32): InflateStatus {
  last = new InflateOutput(limit);
  return inflateGzip(source, last, []);
}

/** The same for the content coding `deflate`. */
export function undeflate(source: Uint8Array, limit: i32): InflateStatus {
  last = new InflateOutput(limit);
  return inflateDeflate(source, last, false);
}

export function inflated(): Uint8Array {
  return last.copy();
}

export function crc32Of(bytes: Uint8Array): u32 {
  return crc32(bytes, 0, bytes.length);
}

export function adler32Of(bytes: Uint8Array): u32 {
  return adler32(bytes, 0, bytes.length);
}
