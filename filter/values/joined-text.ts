/** What is kept of each part, i32 each: where it begins, and which one it is. */
const ROW_BYTES = 8;

/** Texts that are parts of one, with a separator between them. */
export class JoinedText {
  private buffer: Uint8Array = new Uint8Array(0);
  private length: i32 = 0;
  private table: Uint8Array = new Uint8Array(0);
  /** Of parts. */
  count: i32 = 0;

  constructor(public readonly separator: u8) {}

  get dataStart(): usize {
    return this.buffer.dataStart;
  }

  get text(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  /** `size` bytes at `data`, outside of this text; `number`: what `numberOf` is to give. */
  add(data: usize, size: i32, number: i32): void {
    this.buffer = withRoom(this.buffer, this.length, size + 1);
    if (this.count > 0) unchecked((this.buffer[this.length++] = this.separator));
    this.table = withRoom(this.table, this.count * ROW_BYTES, ROW_BYTES);
    const row = this.row(this.count++);
    store<i32>(row, this.length);
    store<i32>(row, number, 4);
    memory.copy(this.buffer.dataStart + this.length, data, size);
    this.length += size;
  }

  /** The part in which a position stands, a separator in the one before it. */
  partAt(position: i32): i32 {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.startOf(middle) <= position) low = middle + 1;
      else high = middle;
    }
    return max(low - 1, 0);
  }

  startOf(part: i32): i32 {
    return load<i32>(this.row(part));
  }

  endOf(part: i32): i32 {
    return part + 1 < this.count ? this.startOf(part + 1) - 1 : this.length;
  }

  numberOf(part: i32): i32 {
    return load<i32>(this.row(part), 4);
  }

  private row(part: i32): usize {
    return this.table.dataStart + part * ROW_BYTES;
  }
}

/** The same bytes, or a copy of the first `length` with room for so many more. */
export function withRoom(bytes: Uint8Array, length: i32, more: i32): Uint8Array {
  const needed = length + more;
  if (needed <= bytes.length) return bytes;
  const grown = new Uint8Array(max(needed, bytes.length * 2));
  memory.copy(grown.dataStart, bytes.dataStart, length);
  return grown;
}
