import { isFieldSafe } from "./field";

/** Headers, trailers or metadata to send, in order. */
export class HeaderList {
  private names: Uint8Array[] = [];
  private values: Uint8Array[] = [];

  /**
   * Adds a pair. One that would break out of its field (NUL, CR or LF, RFC 9110 section 5.5; an empty name) is left
   * out: a reply that denies must not fail, and must not be split, for what a client put into one header.
   */
  add(name: Uint8Array, value: Uint8Array): this {
    if (name.length > 0 && isFieldSafe(name) && isFieldSafe(value)) {
      this.names.push(name);
      this.values.push(value);
    }
    return this;
  }

  /** Number of pairs. */
  get size(): i32 {
    return this.names.length;
  }

  /** The serialized form that the host takes (see `HeaderMap`). */
  encode(): Uint8Array {
    const count = this.names.length;
    let size = 4 + count * 8;
    for (let index = 0; index < count; index++) {
      size += unchecked(this.names[index]).length + unchecked(this.values[index]).length + 2;
    }
    const pairs = new Uint8Array(size);
    store<u32>(pairs.dataStart, count);
    let lengths = pairs.dataStart + 4;
    let position = lengths + count * 8;
    for (let index = 0; index < count; index++) {
      const name = unchecked(this.names[index]);
      const value = unchecked(this.values[index]);
      store<u32>(lengths, name.length);
      store<u32>(lengths, value.length, 4);
      lengths += 8;
      // The NUL after each is the array's own zero.
      memory.copy(position, name.dataStart, name.length);
      position += name.length + 1;
      memory.copy(position, value.dataStart, value.length);
      position += value.length + 1;
    }
    return pairs;
  }
}
