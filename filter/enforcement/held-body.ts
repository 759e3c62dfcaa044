import { BufferType, getBuffer } from "proxy-wasm-as";

/**
 * Bytes of bodies that a worker's VM has Envoy hold at the same time: Envoy frees nothing of streams that have begun, whatever
 * its heap limit says, and a body may take minutes.
 */
const BYTES_MOST: i64 = 64 * 1024 * 1024;

let total: i64 = 0;

/** What Envoy holds of a request's body until the decision is made. */
export class HeldBody {
  /** In bytes. */
  size: i32 = 0;

  /** So many bytes are held now. False: with those of all others that is too much. */
  growTo(size: i32): bool {
    total += <i64>size - this.size;
    this.size = size;
    return total <= BYTES_MOST;
  }

  /** At most its first `limit` bytes. */
  beginning(limit: i32): Uint8Array {
    return getBuffer(BufferType.RequestBody, 0, min(limit, this.size));
  }

  /** It counts no longer. */
  release(): void {
    this.growTo(0);
  }
}
