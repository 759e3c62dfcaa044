/** The bits of a DEFLATE stream, least significant first (RFC 1951, section 3.1.1). Nothing here reads past the end. */
export class BitReader {
  /** The next bits. Those above `bits` are zeros or a foretaste of the following bytes. */
  buffer: u64 = 0;
  /** How many bits of `buffer` were taken from the source; negative: more were read than there are. */
  bits: i32 = 0;

  constructor(
    public readonly source: Uint8Array,
    /** The next byte to go into `buffer`. */
    public at: i32,
  ) {}

  get exhausted(): bool {
    return this.bits < 0;
  }

  /** At least 56 bits, or all that are left. */
  refill(): void {
    if (this.bits < 0) return;
    const source = this.source;
    if (source.length - this.at >= 8) {
      this.buffer |= load<u64>(source.dataStart + this.at) << this.bits;
      this.at += (63 - this.bits) >> 3;
      this.bits |= 56;
    } else {
      for (; this.bits <= 56 && this.at < source.length; this.bits += 8) {
        this.buffer |= (<u64>unchecked(source[this.at++])) << this.bits;
      }
    }
  }

  /** The next `count` bits, at most 16, as a number; meaningless once `exhausted`. */
  take(count: i32): u32 {
    if (this.bits < count) this.refill();
    const value = <u32>this.buffer & ((1 << count) - 1);
    this.drop(count);
    return value;
  }

  drop(count: i32): void {
    this.buffer >>= count;
    this.bits -= count;
  }

  /** Goes on at the next whole byte of the source, which is `at` from then on. */
  align(): void {
    if (this.bits > 0) this.at -= this.bits >> 3;
    this.buffer = 0;
    this.bits = 0;
  }
}
