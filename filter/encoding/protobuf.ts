const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH_DELIMITED: u32 = 2;
const FIXED32: u32 = 5;
const MAX_VARINT_BYTES: i32 = 10;

/** Writes a message of protocol buffers (proto3 encoding): fields of default value are left out. */
export class ProtobufWriter {
  private buffer: ArrayBuffer;
  private length: i32 = 0;

  constructor(capacity: i32 = 256) {
    this.buffer = new ArrayBuffer(capacity);
  }

  uint(field: u32, value: u64): this {
    if (value == 0) return this;
    const at = this.reserve(2 * MAX_VARINT_BYTES);
    this.end(writeVarint(writeVarint(at, (field << 3) | VARINT), value));
    return this;
  }

  bytes(field: u32, value: Uint8Array): this {
    if (value.length == 0) return this;
    return this.element(field, value);
  }

  /** An element of a repeated field: written even when it is empty. */
  element(field: u32, value: Uint8Array): this {
    this.end(writeElement(this.reserve(2 * MAX_VARINT_BYTES + value.length), field, value));
    return this;
  }

  /** Begins a message of at most 127 bytes within this one; its fields follow, then `close` with what this gives. */
  open(field: u32): i32 {
    const at = this.reserve(2 * MAX_VARINT_BYTES);
    this.end(writeVarint(at, (field << 3) | LENGTH_DELIMITED) + 1);
    return this.length;
  }

  /** Ends what `open` began: its length is known. */
  close(opened: i32): void {
    store<u8>(changetype<usize>(this.buffer) + opened - 1, <u8>(this.length - opened));
  }

  /** Joins fields that are encoded already. */
  append(encoded: Uint8Array): void {
    const length = encoded.length;
    const at = this.reserve(length);
    memory.copy(at, encoded.dataStart, length);
    this.end(at + length);
  }

  /** A view of what was written. */
  finish(): Uint8Array {
    return Uint8Array.wrap(this.buffer, 0, this.length);
  }

  /** Address of the end, behind which there is room for so many more bytes. */
  private reserve(more: i32): usize {
    const needed = this.length + more;
    if (needed > this.buffer.byteLength) {
      const larger = new ArrayBuffer(max(needed, this.buffer.byteLength * 2));
      memory.copy(changetype<usize>(larger), changetype<usize>(this.buffer), this.length);
      this.buffer = larger;
    }
    return changetype<usize>(this.buffer) + this.length;
  }

  private end(at: usize): void {
    this.length = <i32>(at - changetype<usize>(this.buffer));
  }
}

/** Bytes of a field of which the number is below 16. */
export function elementSize(value: Uint8Array): i32 {
  return 1 + varintSize(value.length) + value.length;
}

/** As `elementSize`; 0: it is empty, and left out. */
export function bytesFieldSize(value: Uint8Array): i32 {
  return value.length == 0 ? 0 : elementSize(value);
}

/** Writes a field, unless it is empty; gives the address behind it. */
export function writeBytesField(at: usize, field: u32, value: Uint8Array): usize {
  return value.length == 0 ? at : writeElement(at, field, value);
}

export function varintSize(value: u64): i32 {
  let size = 1;
  for (let rest = value >> 7; rest != 0; rest >>= 7) size++;
  return size;
}

/** Writes a field, even an empty one; gives the address behind it. */
export function writeElement(at: usize, field: u32, value: Uint8Array): usize {
  const length = value.length;
  const content = writeVarint(writeVarint(at, (field << 3) | LENGTH_DELIMITED), length);
  memory.copy(content, value.dataStart, length);
  return content + length;
}

/** Gives the address behind it. */
export function writeVarint(at: usize, value: u64): usize {
  while (value >= 0x80) {
    store<u8>(at++, <u8>(value | 0x80));
    value >>= 7;
  }
  store<u8>(at, <u8>value);
  return at + 1;
}

/**
 * Reads a message field by field: `next()` until it gives 0; then `malformed` tells whether all was read.
 * Unknown wire types end it as malformed; nothing is read past the end.
 */
export class ProtobufReader {
  malformed: bool = false;
  /** The field's value where it is a varint, else 0. */
  value: u64 = 0;
  /** The field's content where it is length-delimited, else empty. */
  content: Uint8Array;
  private at: i32 = 0;

  constructor(private readonly message: Uint8Array) {
    this.content = message.subarray(0, 0);
  }

  /** The number of the next field; 0 at the end or where the message is malformed. */
  next(): u32 {
    if (this.malformed || this.at >= this.message.length) return 0;
    const key = this.varint();
    const field = key >> 3;
    const wire = <u32>key & 7;
    this.value = 0;
    this.content = this.message.subarray(0, 0);
    if (wire == VARINT) this.value = this.varint();
    else if (wire == LENGTH_DELIMITED) this.content = this.take(this.varint());
    else if (wire == FIXED64) this.take(8);
    else if (wire == FIXED32) this.take(4);
    else this.malformed = true;
    if (field == 0 || field > 0x1fffffff) this.malformed = true;
    return this.malformed ? 0 : <u32>field;
  }

  private varint(): u64 {
    let value: u64 = 0;
    for (let shift: u64 = 0; shift < 70; shift += 7) {
      if (this.at >= this.message.length) break;
      const byte = load<u8>(this.message.dataStart + this.at++);
      value |= (<u64>(byte & 0x7f)) << (shift & 63);
      if (byte < 0x80) return value;
    }
    this.malformed = true;
    return 0;
  }

  private take(length: u64): Uint8Array {
    if (this.malformed || length > <u64>(this.message.length - this.at)) {
      this.malformed = true;
      return this.message.subarray(0, 0);
    }
    const start = this.at;
    this.at += <i32>length;
    return this.message.subarray(start, this.at);
  }
}
