import { BufferType, getBuffer } from "proxy-wasm-as";

/** Bytes that the copies of all streams of a VM may take together. */
const MAX_TOTAL: i32 = 2 * 1024 * 1024;
const FIRST_CAPACITY: i32 = 1024;

let total: i32 = 0;

/**
 * A bounded copy of a body that streams on while it is read (`observe` and `detect` hold nothing back). What it takes is
 * given back by `release`: when its request is judged, or the copy is of no use.
 */
export class BodyCopy {
  private buffer: Uint8Array = new Uint8Array(0);
  private length: i32 = 0;
  /** More came than the limit: the copy is the body's beginning. */
  overflowed: bool = false;
  /** The VM had no room for it: nothing is kept. */
  refused: bool = false;

  constructor(private readonly limit: i32) {}

  /** So many bytes of the body have come: they are copied as far as there is room. */
  takeChunk(size: i32): void {
    const room = this.refused ? 0 : this.limit - this.length;
    if (size > room) this.overflowed = true;
    if (room > 0) this.add(getBuffer(BufferType.RequestBody, 0, min(size, room)));
  }

  /** `chunk`: not longer than there is room. */
  private add(chunk: Uint8Array): void {
    const length = this.length + chunk.length;
    if (length > this.buffer.length && !this.grow(length)) {
      this.refused = true;
      this.release();
      return;
    }
    memory.copy(this.buffer.dataStart + this.length, chunk.dataStart, chunk.length);
    this.length = length;
  }

  /** A view of what was kept. */
  content(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  release(): void {
    total -= this.buffer.length;
    this.buffer = new Uint8Array(0);
    this.length = 0;
  }

  private grow(needed: i32): bool {
    const capacity = min(this.limit, max(needed, max(FIRST_CAPACITY, 2 * this.buffer.length)));
    if (total - this.buffer.length + capacity > MAX_TOTAL) return false;
    total += capacity - this.buffer.length;
    const larger = new Uint8Array(capacity);
    memory.copy(larger.dataStart, this.buffer.dataStart, this.length);
    this.buffer = larger;
    return true;
  }
}
