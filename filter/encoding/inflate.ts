import { BitReader } from "./inflate-bits";
import { inflateBlock } from "./inflate-block";
import {
  distanceCode,
  END_OF_BLOCK,
  fixedDistanceCode,
  fixedLiteralCode,
  literalCode,
  MAX_DISTANCES,
  MAX_LITERALS,
  precode,
} from "./inflate-codes";
import { CODE_BITS } from "./inflate-huffman";
import { InflateOutput } from "./inflate-output";
import { InflateStatus } from "./inflate-status";

/** RFC 1951, section 3.2.7. */
const precodeOrder: StaticArray<u8> = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const REPEAT_LAST: u32 = 16;
const REPEAT_ZERO: u32 = 17;
const codeLengths = new StaticArray<u8>(MAX_LITERALS + MAX_DISTANCES);

/**
 * One DEFLATE stream (RFC 1951) from `input.at` on, appended to `output`; after it `input.at` is the byte behind it. Takes
 * and refuses what zlib does. Linear in input and output; nothing is allocated. Whatever the status, what was appended is
 * what the stream begins with.
 */
export function inflate(input: BitReader, output: InflateOutput): InflateStatus {
  output.start = output.length;
  let status = InflateStatus.Complete;
  for (let last = false; !last && status == InflateStatus.Complete; ) {
    last = input.take(1) == 1;
    const type = input.take(2);
    if (input.exhausted) return InflateStatus.Truncated;
    if (type == 0) status = inflateStored(input, output);
    else if (type == 1) status = inflateBlock(input, output, fixedLiteralCode, fixedDistanceCode);
    else if (type == 2) status = inflateDynamic(input, output);
    else return InflateStatus.Corrupt;
  }
  input.align();
  return status;
}

function inflateStored(input: BitReader, output: InflateOutput): InflateStatus {
  input.align();
  const length: i32 = input.take(16);
  const complement = input.take(16);
  if (input.exhausted) return InflateStatus.Truncated;
  if ((length ^ 0xffff) != complement) return InflateStatus.Corrupt;
  input.align();
  const room = output.limit - output.length;
  const copied = min(length, min(room, input.source.length - input.at));
  memory.copy(output.bytes.dataStart + output.length, input.source.dataStart + input.at, copied);
  output.length += copied;
  input.at += copied;
  if (copied == length) return InflateStatus.Complete;
  return copied == room ? InflateStatus.TooLarge : InflateStatus.Truncated;
}

function inflateDynamic(input: BitReader, output: InflateOutput): InflateStatus {
  const literals: i32 = input.take(5) + 257;
  const distances: i32 = input.take(5) + 1;
  const written: i32 = input.take(4) + 4;
  const lengths = codeLengths;
  lengths.fill(0, 0, precodeOrder.length);
  for (let i = 0; i < written; i++) unchecked((lengths[precodeOrder[i]] = <u8>input.take(3)));
  if (input.exhausted) return InflateStatus.Truncated;
  if (literals > MAX_LITERALS || distances > MAX_DISTANCES) return InflateStatus.Corrupt;
  if (!precode.build(lengths, 0, precodeOrder.length, false)) return InflateStatus.Corrupt;
  const status = readCodeLengths(input, literals + distances);
  if (status != InflateStatus.Complete) return status;
  const whole =
    unchecked(lengths[END_OF_BLOCK]) != 0 &&
    literalCode.build(lengths, 0, literals, true) &&
    distanceCode.build(lengths, literals, distances, true);
  return whole ? inflateBlock(input, output, literalCode, distanceCode) : InflateStatus.Corrupt;
}

/** `count` lengths, run-length coded by `precode`, into `codeLengths`. */
function readCodeLengths(input: BitReader, count: i32): InflateStatus {
  const mask = (1 << precode.rootBits) - 1;
  let previous: u8 = 0;
  for (let at = 0; at < count; ) {
    if (input.bits < 16) input.refill();
    const entry = unchecked(precode.table[<i32>input.buffer & mask]);
    input.drop(entry & CODE_BITS);
    const symbol = entry >> 16;
    let repeats = 1;
    if (symbol < REPEAT_LAST) {
      previous = <u8>symbol;
    } else if (symbol == REPEAT_LAST) {
      if (at == 0) return input.exhausted ? InflateStatus.Truncated : InflateStatus.Corrupt;
      repeats = 3 + input.take(2);
    } else {
      previous = 0;
      repeats = symbol == REPEAT_ZERO ? 3 + input.take(3) : 11 + input.take(7);
    }
    if (input.exhausted) return InflateStatus.Truncated;
    if (repeats > count - at) return InflateStatus.Corrupt;
    codeLengths.fill(previous, at, at + repeats);
    at += repeats;
  }
  return InflateStatus.Complete;
}
