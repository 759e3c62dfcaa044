import { BitReader } from "./inflate-bits";
import { CODE_BITS, HuffmanCode, KIND_BITS, MAX_CODE_BITS, SymbolKind } from "./inflate-huffman";
import { InflateOutput } from "./inflate-output";
import { InflateStatus } from "./inflate-status";

/** A length and a distance with their extra bits: 15 + 5 + 15 + 13. */
const MATCH_BITS: i32 = 48;

/** The symbols of one block up to its end (RFC 1951, section 3.2.3). */
export function inflateBlock(
  input: BitReader,
  output: InflateOutput,
  literals: HuffmanCode,
  distances: HuffmanCode,
): InflateStatus {
  const literalTable = changetype<usize>(literals.table);
  const literalMask: u64 = (1 << literals.rootBits) - 1;
  const distanceTable = changetype<usize>(distances.table);
  const distanceMask: u64 = (1 << distances.rootBits) - 1;
  const window = output.bytes.dataStart + output.start;
  const limit = output.bytes.dataStart + output.limit;
  let to = output.bytes.dataStart + output.length;
  let buffer = input.buffer;
  let bits = input.bits;
  let status = InflateStatus.Truncated;
  while (true) {
    if (bits < MATCH_BITS) {
      input.buffer = buffer;
      input.bits = bits;
      input.refill();
      buffer = input.buffer;
      bits = input.bits;
    }
    let entry = load<u32>(literalTable + ((<usize>(buffer & literalMask)) << 2));
    if (entry == 0) entry = literals.longEntry(buffer);
    let used: i32 = entry & CODE_BITS;
    const kind = entry & KIND_BITS;
    if (kind == SymbolKind.Literal) {
      if (used == 0) {
        if (bits >= MAX_CODE_BITS) status = InflateStatus.Corrupt;
        break;
      }
      buffer >>= used;
      bits -= used;
      if (bits < 0) break;
      if (to == limit) {
        status = InflateStatus.TooLarge;
        break;
      }
      store<u8>(to++, <u8>(entry >> 16));
      continue;
    }
    if (kind != SymbolKind.Base) {
      buffer >>= used;
      bits -= used;
      if (bits >= 0) status = kind == SymbolKind.EndOfBlock ? InflateStatus.Complete : InflateStatus.Corrupt;
      break;
    }
    buffer >>= used;
    bits -= used;
    used = (entry >> 4) & 0xf;
    const length = (entry >> 16) + (<u32>buffer & ((1 << used) - 1));
    buffer >>= used;
    bits -= used;
    entry = load<u32>(distanceTable + ((<usize>(buffer & distanceMask)) << 2));
    if (entry == 0) entry = distances.longEntry(buffer);
    if ((entry & KIND_BITS) != SymbolKind.Base) {
      if (bits >= MAX_CODE_BITS) status = InflateStatus.Corrupt;
      break;
    }
    used = entry & CODE_BITS;
    buffer >>= used;
    bits -= used;
    used = (entry >> 4) & 0xf;
    const distance = (entry >> 16) + (<u32>buffer & ((1 << used) - 1));
    buffer >>= used;
    bits -= used;
    if (bits < 0) break;
    if (distance > <u32>(to - window)) {
      status = InflateStatus.Corrupt;
      break;
    }
    const room = <u32>(limit - to);
    copyMatch(to, distance, min(length, room));
    to += min(length, room);
    if (length > room) {
      status = InflateStatus.TooLarge;
      break;
    }
  }
  input.buffer = buffer;
  input.bits = bits;
  output.length = <i32>(to - output.bytes.dataStart);
  return status;
}

/** Repeats what lies `distance` bytes before `to`; up to eight bytes past the end are overwritten. */
function copyMatch(to: usize, distance: u32, length: u32): void {
  const end = to + length;
  let from = to - distance;
  if (distance >= 8) {
    for (; to < end; to += 8, from += 8) store<u64>(to, load<u64>(from));
  } else if (distance == 1) {
    memory.fill(to, load<u8>(from), length);
  } else {
    for (; to < end; to++, from++) store<u8>(to, load<u8>(from));
  }
}
