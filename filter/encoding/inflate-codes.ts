import { CodeEntry, HuffmanCode, SymbolKind } from "./inflate-huffman";

/** Symbols of which a dynamic block may give lengths. */
export const MAX_LITERALS: i32 = 286;
export const MAX_DISTANCES: i32 = 30;
export const END_OF_BLOCK: i32 = 256;
/** Symbols that have a code in the fixed sets. */
const FIXED_LITERALS: i32 = 288;
const FIXED_DISTANCES: i32 = 32;
const PRECODE_SYMBOLS: i32 = 19;

/** Of the code in which the lengths of a dynamic block's codes are written. */
export const precode = new HuffmanCode(7, precodeEntries());
/** Of the dynamic block that is being read. */
export const literalCode = new HuffmanCode(10, literalEntries());
export const distanceCode = new HuffmanCode(8, distanceEntries());
/** RFC 1951, section 3.2.6. */
export const fixedLiteralCode = new HuffmanCode(9, literalEntries());
export const fixedDistanceCode = new HuffmanCode(5, distanceEntries());

function buildFixedCodes(): void {
  const lengths = new StaticArray<u8>(FIXED_LITERALS);
  lengths.fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280);
  fixedLiteralCode.build(lengths, 0, FIXED_LITERALS, false);
  lengths.fill(5);
  fixedDistanceCode.build(lengths, 0, FIXED_DISTANCES, false);
}
buildFixedCodes();

function precodeEntries(): StaticArray<CodeEntry> {
  const entries = new StaticArray<CodeEntry>(PRECODE_SYMBOLS);
  for (let i = 0; i < PRECODE_SYMBOLS; i++) entries[i] = i << 16;
  return entries;
}

/** Literals, the end of the block, and lengths 3 to 258 (RFC 1951, section 3.2.5). */
function literalEntries(): StaticArray<CodeEntry> {
  const entries = new StaticArray<CodeEntry>(FIXED_LITERALS);
  for (let i = 0; i < END_OF_BLOCK; i++) entries[i] = i << 16;
  entries[END_OF_BLOCK] = SymbolKind.EndOfBlock;
  let base = 3;
  for (let i = 0; i < 28; i++) {
    const extraBits = max(0, (i >> 2) - 1);
    entries[257 + i] = (base << 16) | SymbolKind.Base | (extraBits << 4);
    base += 1 << extraBits;
  }
  entries[285] = (258 << 16) | SymbolKind.Base;
  for (let i = MAX_LITERALS; i < FIXED_LITERALS; i++) entries[i] = SymbolKind.Invalid;
  return entries;
}

/** Distances 1 to 32,768. */
function distanceEntries(): StaticArray<CodeEntry> {
  const entries = new StaticArray<CodeEntry>(FIXED_DISTANCES);
  let base = 1;
  for (let i = 0; i < MAX_DISTANCES; i++) {
    const extraBits = max(0, (i >> 1) - 1);
    entries[i] = (base << 16) | SymbolKind.Base | (extraBits << 4);
    base += 1 << extraBits;
  }
  for (let i = MAX_DISTANCES; i < FIXED_DISTANCES; i++) entries[i] = SymbolKind.Invalid;
  return entries;
}
