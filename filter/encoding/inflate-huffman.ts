/** Longest code of literals, lengths and distances in bits (RFC 1951, section 3.2.7). */
export const MAX_CODE_BITS: i32 = 15;

/**
 * What a code stands for. Bits 0 to 3: length of the code; 4 to 7: how many extra bits follow it; 8 and 9: `SymbolKind`;
 * from 16 on: the literal, or the base to which the extra bits are added. 0: there is no such code.
 */
export type CodeEntry = u32;

export const enum SymbolKind {
  Literal = 0,
  /** A length or a distance. */
  Base = 0x100,
  EndOfBlock = 0x200,
  /** Has a code in the fixed sets, and must not occur. */
  Invalid = 0x300,
}

export const CODE_BITS: u32 = 0xf;
export const KIND_BITS: u32 = 0x300;

/** A canonical Huffman code (RFC 1951, section 3.2.2): short codes by table, long ones by counting. */
export class HuffmanCode {
  /** Indexed by the next `rootBits` bits; 0: the code is longer, or there is none. */
  readonly table: StaticArray<CodeEntry>;
  rootBits: i32 = 0;
  /** How many codes there are of each length. */
  private readonly counts: StaticArray<i32> = new StaticArray<i32>(MAX_CODE_BITS + 1);
  private readonly offsets: StaticArray<i32> = new StaticArray<i32>(MAX_CODE_BITS + 2);
  /** The symbols in the order of their codes. */
  private readonly sorted: StaticArray<u16>;

  constructor(
    private readonly maxRootBits: i32,
    /** By symbol, without the length of its code. */
    private readonly entries: StaticArray<CodeEntry>,
  ) {
    this.table = new StaticArray<CodeEntry>(1 << maxRootBits);
    this.sorted = new StaticArray<u16>(entries.length);
  }

  /**
   * Takes the lengths of the codes of `count` symbols, from `from` on. False: more codes than there is room for, or fewer.
   * As zlib has it, `sparse` sets may have no code at all, or a single one of one bit.
   */
  build(lengths: StaticArray<u8>, from: i32, count: i32, sparse: bool): bool {
    const counts = this.counts;
    const offsets = this.offsets;
    counts.fill(0);
    for (let i = 0; i < count; i++) unchecked(counts[lengths[from + i]]++);
    unchecked((counts[0] = 0));
    let longest = MAX_CODE_BITS;
    while (longest > 0 && unchecked(counts[longest]) == 0) longest -= 1;
    let room = 1;
    for (let length = 1; length <= longest; length++) {
      room = (room << 1) - unchecked(counts[length]);
      if (room < 0) return false;
      unchecked((offsets[length + 1] = offsets[length] + counts[length]));
    }
    if (room > 0 && !(sparse && longest <= 1)) return false;
    for (let i = 0; i < count; i++) {
      const length = unchecked(lengths[from + i]);
      if (length > 0) unchecked((this.sorted[offsets[length]++] = <u16>i));
    }
    // Each offset has moved on to where the next length begins.
    for (let length = longest; length > 0; length--) unchecked((offsets[length] -= counts[length]));
    this.fillTable(longest);
    return true;
  }

  /** The entry of the code that `bits` begin with, found bit by bit; 0: there is none. */
  longEntry(bits: u64): CodeEntry {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= MAX_CODE_BITS; length++) {
      code |= <i32>bits & 1;
      bits >>= 1;
      const count = unchecked(this.counts[length]);
      if (code - first < count) return unchecked(this.entries[this.sorted[index + code - first]]) | length;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    return 0;
  }

  private fillTable(longest: i32): void {
    const rootBits = min(longest, this.maxRootBits);
    const size = 1 << rootBits;
    this.rootBits = rootBits;
    memory.fill(changetype<usize>(this.table), 0, (<usize>size) << 2);
    // The code as it lies in the stream, its first bit lowest: a longer one that follows only gets zeros above.
    let code = 0;
    let index = 0;
    for (let length = 1; length <= rootBits; length++) {
      for (let left = unchecked(this.counts[length]); left > 0; left--) {
        const entry = unchecked(this.entries[this.sorted[index++]]) | length;
        for (let at = code; at < size; at += 1 << length) unchecked((this.table[at] = entry));
        let bit = 1 << (length - 1);
        for (; (code & bit) != 0; bit >>= 1) code ^= bit;
        code |= bit;
      }
    }
  }
}
