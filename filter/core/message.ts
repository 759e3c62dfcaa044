/** Length-prefixed messages between Node and core.wasm: u32 little-endian, and byte strings as u32 length and content. */

export class MessageReader {
  private position: i32 = 0;

  constructor(private readonly message: Uint8Array) {}

  /** 0 when fewer than four bytes are left. */
  u32(): u32 {
    const at = this.position;
    if (this.message.length - at < 4) return 0;
    this.position = at + 4;
    return load<u32>(this.message.dataStart + at);
  }

  /** A view; cut at the message's end. */
  bytes(): Uint8Array {
    const length = this.u32();
    const start = this.position;
    const end = start + <i32>min(length, <u32>(this.message.length - start));
    this.position = end;
    return this.message.subarray(start, end);
  }
}

export class MessageWriter {
  private message: Uint8Array = new Uint8Array(1024);
  private length: i32 = 0;

  u32(value: u32): void {
    this.reserve(4);
    store<u32>(this.message.dataStart + this.length, value);
    this.length += 4;
  }

  bytes(value: Uint8Array): void {
    const length = value.length;
    this.u32(length);
    this.reserve(length);
    memory.copy(this.message.dataStart + this.length, value.dataStart, length);
    this.length += length;
  }

  finish(): Uint8Array {
    return this.message.subarray(0, this.length);
  }

  private reserve(more: i32): void {
    const needed = this.length + more;
    if (needed <= this.message.length) return;
    const grown = new Uint8Array(max(needed, this.message.length * 2));
    memory.copy(grown.dataStart, this.message.dataStart, this.length);
    this.message = grown;
  }
}
