import { adler32 } from "./adler32";
import { inflate } from "./inflate";
import { BitReader } from "./inflate-bits";
import { InflateOutput } from "./inflate-output";
import { InflateStatus } from "./inflate-status";

/** Of RFC 1950, section 2.2. */
export const HEADER_BYTES: i32 = 2;
const TRAILER_BYTES: i32 = 4;
const DEFLATE: u8 = 8;
const LARGEST_WINDOW: u8 = 7;
const FLAG_DICTIONARY: u8 = 32;

/**
 * The content coding `deflate`: a zlib stream (RFC 9110, section 8.4.1.2), or the bare DEFLATE stream that some clients send
 * and lenient servers take. Nothing may follow it. What could be read as either is `Corrupt`: two servers would see two
 * texts. `isCut`: more may follow in a part that was not kept.
 */
export function inflateDeflate(source: Uint8Array, output: InflateOutput, isCut: bool): InflateStatus {
  const start = output.length;
  const input = new BitReader(source, 0);
  const bare = inflate(input, output);
  if (!hasZlibHeader(source)) {
    return bare == InflateStatus.Complete && input.at < source.length ? InflateStatus.Corrupt : bare;
  }
  const isEither = bare == InflateStatus.Truncated ? isCut : bare != InflateStatus.Corrupt;
  output.length = start;
  return isEither ? InflateStatus.Corrupt : inflateZlib(source, output);
}

function inflateZlib(source: Uint8Array, output: InflateOutput): InflateStatus {
  if ((source[1] & FLAG_DICTIONARY) != 0) return InflateStatus.Corrupt;
  const start = output.length;
  const input = new BitReader(source, HEADER_BYTES);
  const status = inflate(input, output);
  if (status != InflateStatus.Complete) return status;
  const left = source.length - input.at;
  if (left < TRAILER_BYTES) return InflateStatus.Truncated;
  const sum = bswap<u32>(load<u32>(source.dataStart + input.at));
  return left == TRAILER_BYTES && sum == adler32(output.bytes, start, output.length)
    ? InflateStatus.Complete
    : InflateStatus.Corrupt;
}

/** Whether the first two bytes are those of a zlib stream. */
export function hasZlibHeader(source: Uint8Array): bool {
  if (source.length < HEADER_BYTES) return false;
  const method = source[0];
  if ((method & 0xf) != DEFLATE || method >> 4 > LARGEST_WINDOW) return false;
  return (((<u32>method) << 8) | source[1]) % 31 == 0;
}
