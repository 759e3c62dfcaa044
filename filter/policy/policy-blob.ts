import { DIRECTORY_OFFSET, RECORD_SIZES, SECTION_STRINGS } from "./blob-layout";

/**
 * Read access to a compiled policy in place. Nothing here checks bounds: a `PolicyBlob` is made only of bytes that
 * `blobRefusal` accepted, and every index that is read from it was checked there.
 */
export class PolicyBlob {
  private readonly base: usize;
  private readonly strings: usize;

  constructor(readonly bytes: Uint8Array) {
    this.base = bytes.dataStart;
    this.strings = this.base + load<u32>(this.base + DIRECTORY_OFFSET + SECTION_STRINGS * 8);
  }

  word(offset: i32): u32 {
    return load<u32>(this.base + offset);
  }

  sectionCount(section: i32): i32 {
    return load<u32>(this.base + DIRECTORY_OFFSET + section * 8 + 4);
  }

  /** Address of a record. */
  record(section: i32, index: u32): usize {
    const offset = load<u32>(this.base + DIRECTORY_OFFSET + section * 8);
    return this.base + offset + index * unchecked(RECORD_SIZES[section]);
  }

  /** Address of a string's first byte. */
  stringAddress(index: u32): usize {
    return this.base + load<u32>(this.strings + index * 8);
  }

  stringLength(index: u32): i32 {
    return load<u32>(this.strings + index * 8 + 4);
  }

  /** A view of the string's bytes. */
  string(index: u32): Uint8Array {
    const start = <i32>load<u32>(this.strings + index * 8);
    return this.bytes.subarray(start, start + this.stringLength(index));
  }
}
