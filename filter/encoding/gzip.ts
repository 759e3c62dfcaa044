import { crc32 } from "./crc32";
import { inflate } from "./inflate";
import { BitReader } from "./inflate-bits";
import { InflateOutput } from "./inflate-output";
import { InflateStatus } from "./inflate-status";

/** Of RFC 1952, section 2.3: the fixed part of a header, and what follows the data. */
const HEADER_BYTES: i32 = 10;
const TRAILER_BYTES: i32 = 8;
/** ID1, ID2 and the one compression method there is. */
const MAGIC: u32 = 0x088b1f;
const FLAG_HEADER_CRC: u8 = 2;
const FLAG_EXTRA: u8 = 4;
const FLAG_NAME: u8 = 8;
const FLAG_COMMENT: u8 = 16;
const RESERVED_FLAGS: u8 = 0xe0;

export function looksLikeGzip(source: Uint8Array): bool {
  return hasMagic(source, 0);
}

/**
 * All members of a gzip file (RFC 1952), which ends with the last one: nothing may follow it. `texts` takes the ranges
 * of what the headers carry beside the data (extra field, file name, comment), each as start and end.
 */
export function inflateGzip(source: Uint8Array, output: InflateOutput, texts: i32[]): InflateStatus {
  let status = InflateStatus.Complete;
  const input = new BitReader(source, 0);
  do {
    status = inflateMember(input, output, texts);
  } while (status == InflateStatus.Complete && input.at < source.length);
  return status;
}

function inflateMember(input: BitReader, output: InflateOutput, texts: i32[]): InflateStatus {
  const source = input.source;
  const header = readHeader(source, input.at, texts);
  if (header != InflateStatus.Complete) return header;
  input.at = headerEnd;
  const start = output.length;
  const status = inflate(input, output);
  if (status != InflateStatus.Complete) return status;
  if (source.length - input.at < TRAILER_BYTES) return InflateStatus.Truncated;
  const trailer = source.dataStart + input.at;
  input.at += TRAILER_BYTES;
  const sound = load<u32>(trailer) == crc32(output.bytes, start, output.length);
  return sound && load<i32>(trailer, 4) == output.length - start ? InflateStatus.Complete : InflateStatus.Corrupt;
}

/** Where the header ends that `readHeader` found whole. */
let headerEnd: i32 = 0;

function readHeader(source: Uint8Array, start: i32, texts: i32[]): InflateStatus {
  if (source.length - start < HEADER_BYTES) return InflateStatus.Truncated;
  if (!hasMagic(source, start)) return InflateStatus.Corrupt;
  const flags = source[start + 3];
  if ((flags & RESERVED_FLAGS) != 0) return InflateStatus.Corrupt;
  let at = start + HEADER_BYTES;
  if ((flags & FLAG_EXTRA) != 0) {
    if (source.length - at < 2) return InflateStatus.Truncated;
    const length: i32 = load<u16>(source.dataStart + at);
    at += 2;
    if (source.length - at < length) return InflateStatus.Truncated;
    texts.push(at);
    at += length;
    texts.push(at);
  }
  for (let flag = FLAG_NAME; flag <= FLAG_COMMENT; flag <<= 1) {
    if ((flags & flag) == 0) continue;
    const end = source.indexOf(0, at);
    if (end < 0) return InflateStatus.Truncated;
    texts.push(at);
    texts.push(end);
    at = end + 1;
  }
  if ((flags & FLAG_HEADER_CRC) != 0) {
    if (source.length - at < 2) return InflateStatus.Truncated;
    if (load<u16>(source.dataStart + at) != <u16>crc32(source, start, at)) return InflateStatus.Corrupt;
    at += 2;
  }
  headerEnd = at;
  return InflateStatus.Complete;
}

function hasMagic(source: Uint8Array, at: i32): bool {
  return source.length - at >= 4 && (load<u32>(source.dataStart + at) & 0xff_ffff) == MAGIC;
}
