import { BufferType, getBuffer } from "proxy-wasm-as";

/**
 * Bytes of bodies that a worker's VM has Envoy hold at the same time: Envoy frees nothing of streams that have begun, whatever
 * its heap limit says, and a body may take minutes.
 */
const BYTES_MOST: i64 = 64 * 1024 * 1024;

let total: i64 = 0;

/** A stream that held so many bytes holds so many now. False: with all others that is too much. */
export function hold(before: i32, now: i32): bool {
  total += <i64>now - before;
  return total <= BYTES_MOST;
}

/** The beginning of what Envoy holds of the request's body. */
export function heldBody(limit: i32): Uint8Array {
  return getBuffer(BufferType.RequestBody, 0, limit);
}
