const INITIAL_BYTES = 4096;

/** Writes the messages that `filter/core/message.ts` reads: u32 little-endian; byte strings as length and content. */
export class MessageWriter {
  #buffer: Buffer;
  #length = 0;

  /** `expectedBytes`: room from the start; it grows. */
  constructor(expectedBytes = INITIAL_BYTES) {
    this.#buffer = Buffer.alloc(expectedBytes);
  }

  u32(value: number): this {
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.u32(value.length);
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.alloc(Math.max(needed, this.#buffer.length * 2));
    grown.set(this.finish());
    this.#buffer = grown;
  }
}

/** Reads what it wrote there. @throws RangeError a message that is cut off */
export class MessageReader {
  readonly #message: Buffer;
  #position = 0;

  constructor(message: Uint8Array) {
    this.#message = Buffer.from(message.buffer, message.byteOffset, message.length);
  }

  u32(): number {
    const value = this.#message.readUInt32LE(this.#position);
    this.#position += 4;
    return value;
  }

  /** A view. */
  bytes(): Uint8Array {
    const start = this.#skip();
    return this.#message.subarray(start, this.#position);
  }

  /** Each byte is one character. */
  text(): string {
    const start = this.#skip();
    return this.#message.toString("latin1", start, this.#position);
  }

  utf8(): string {
    const start = this.#skip();
    return this.#message.toString("utf8", start, this.#position);
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: this.u32() }, read);
  }

  /** Start of the byte string, whose end is then the position. */
  #skip(): number {
    const length = this.u32();
    const start = this.#position;
    this.#position += length;
    if (this.#position > this.#message.length) throw new RangeError("the message is cut off");
    return start;
  }
}
