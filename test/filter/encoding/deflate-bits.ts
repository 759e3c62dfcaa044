/** Writes DEFLATE bit by bit (RFC 1951, section 3.1.1): what no compressor would. */
export class BitWriter {
  private readonly bits: number[] = [];

  get length(): number {
    return this.bits.length;
  }

  /** The lowest `count` bits of `value`, the lowest first. */
  number(value: number, count: number): this {
    for (let bit = 0; bit < count; bit++) this.bits.push((value >> bit) & 1);
    return this;
  }

  /** A Huffman code, its highest bit first; of a symbol that has none, nothing. */
  code(code: readonly [value: number, length: number] | undefined): this {
    if (code) for (let bit = code[1] - 1; bit >= 0; bit--) this.bits.push((code[0] >> bit) & 1);
    return this;
  }

  /** Fills the last byte up with zeros. */
  finish(): Buffer {
    const bytes = Buffer.alloc(Math.ceil(this.bits.length / 8));
    for (const [at, bit] of this.bits.entries()) bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (bit << (at & 7));
    return bytes;
  }
}

/** The canonical codes of the symbols that have a length (RFC 1951, section 3.2.2), also where the set is no proper one. */
export function canonicalCodes(lengths: readonly number[]): Map<number, readonly [value: number, length: number]> {
  const codes = new Map<number, readonly [number, number]>();
  let next = 0;
  for (let length = 1; length <= 15; length++) {
    next *= 2;
    for (const [symbol, own] of lengths.entries())
      if (own === length) codes.set(symbol, [next++ % 2 ** length, length]);
  }
  return codes;
}

/** The head of a dynamic block: lengths as they are, in a precode in which each of the 19 symbols has a code. */
export function writeDynamicHead(
  writer: BitWriter,
  isLast: boolean,
  literals: readonly number[],
  distances: readonly number[],
): void {
  const order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
  const precode = Array.from({ length: 19 }, (_, symbol) => (symbol < 13 ? 4 : 5));
  const codes = canonicalCodes(precode);
  writer.number(isLast ? 1 : 0, 1).number(2, 2);
  writer
    .number(literals.length - 257, 5)
    .number(distances.length - 1, 5)
    .number(15, 4);
  for (const symbol of order) writer.number(precode[symbol] ?? 0, 3);
  for (const length of [...literals, ...distances]) writer.code(codes.get(length));
}
