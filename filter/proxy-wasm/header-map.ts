import { areSame } from "./bytes";

/** Bytes of the count, and of the two lengths of each pair. */
const COUNT_SIZE: i32 = 4;
const LENGTHS_SIZE: i32 = 8;

/**
 * Headers, trailers or metadata as the host serializes them (ABI 0.2.1, "Serialization"): u32 count, then for each
 * pair u32 name length and u32 value length, then each name and value followed by a NUL. Bounds are checked once, in
 * `decode`; nothing here traps on any bytes or index. Order and duplicates are the host's.
 */
export class HeaderMap {
  private constructor(
    private pairs: Uint8Array,
    /** Where each name starts; a value starts one NUL after its name. */
    private starts: StaticArray<i32>,
    /** The bytes were no serialized map; `size` is 0. */
    readonly malformed: bool,
  ) {}

  /** Takes `pairs` over (a view, no copy): it must not be written to afterwards. */
  static decode(pairs: Uint8Array): HeaderMap {
    const length = pairs.length;
    const base = pairs.dataStart;
    if (length == 0 || (length == 1 && load<u8>(base) == 0)) return HeaderMap.empty(pairs, false);
    if (length < COUNT_SIZE) return HeaderMap.empty(pairs, true);
    const count = load<u32>(base);
    if (count > <u32>(length - COUNT_SIZE) / LENGTHS_SIZE) return HeaderMap.empty(pairs, true);
    const starts = new StaticArray<i32>(count);
    // 64 bits: two lengths of 32 bits and an offset can't overflow it.
    let offset: u64 = COUNT_SIZE + <u64>count * LENGTHS_SIZE;
    for (let index: u32 = 0; index < count; index++) {
      const lengths = base + COUNT_SIZE + index * LENGTHS_SIZE;
      const nameEnd = offset + load<u32>(lengths);
      const valueEnd = nameEnd + 1 + load<u32>(lengths, 4);
      if (valueEnd >= <u64>length) return HeaderMap.empty(pairs, true);
      if (load<u8>(base + <usize>nameEnd) != 0 || load<u8>(base + <usize>valueEnd) != 0) {
        return HeaderMap.empty(pairs, true);
      }
      unchecked((starts[index] = <i32>offset));
      offset = valueEnd + 1;
    }
    if (offset != <u64>length) return HeaderMap.empty(pairs, true);
    return new HeaderMap(pairs, starts, false);
  }

  private static empty(pairs: Uint8Array, malformed: bool): HeaderMap {
    return new HeaderMap(pairs, new StaticArray<i32>(0), malformed);
  }

  /** Number of pairs. */
  get size(): i32 {
    return this.starts.length;
  }

  /** Bytes of the serialized form. */
  get byteLength(): i32 {
    return this.pairs.length;
  }

  /** Address of `nameSize(index)` bytes, good as long as this map is: to look at a name without making a view of it. */
  nameAddress(index: i32): usize {
    const start = <u32>index < <u32>this.starts.length ? unchecked(this.starts[index]) : 0;
    return this.pairs.dataStart + start;
  }

  /** Length of the name at `index`, in bytes; 0 when there is no such index. */
  nameSize(index: i32): i32 {
    return <u32>index < <u32>this.starts.length ? this.nameLength(index) : 0;
  }

  /** A view of the name at `index`; empty when there is no such index. */
  name(index: i32): Uint8Array {
    if (<u32>index >= <u32>this.starts.length) return this.pairs.subarray(0, 0);
    const start = unchecked(this.starts[index]);
    return this.pairs.subarray(start, start + this.nameLength(index));
  }

  /** A view of the value at `index`; empty when there is no such index. */
  value(index: i32): Uint8Array {
    if (<u32>index >= <u32>this.starts.length) return this.pairs.subarray(0, 0);
    const start = unchecked(this.starts[index]) + this.nameLength(index) + 1;
    return this.pairs.subarray(start, start + this.valueLength(index));
  }

  /** The first index from `from` on whose name is exactly `name`, or -1. Linear. */
  indexOf(name: Uint8Array, from: i32 = 0): i32 {
    const length = name.length;
    const base = this.pairs.dataStart;
    const count = this.starts.length;
    for (let index = max(from, 0); index < count; index++) {
      if (load<i32>(base + index * LENGTHS_SIZE, COUNT_SIZE) != length) continue;
      if (areSame(base + unchecked(this.starts[index]), name.dataStart, length)) return index;
    }
    return -1;
  }

  /** A view of the first value of `name`; null: there is none. */
  first(name: Uint8Array): Uint8Array | null {
    const index = this.indexOf(name);
    return index < 0 ? null : this.value(index);
  }

  private nameLength(index: i32): i32 {
    return load<i32>(this.pairs.dataStart + COUNT_SIZE + index * LENGTHS_SIZE);
  }

  private valueLength(index: i32): i32 {
    return load<i32>(this.pairs.dataStart + COUNT_SIZE + index * LENGTHS_SIZE, 4);
  }
}
