/** One in each byte. */
const ONES: u64 = ((<u64>0x01010101) << 32) | 0x01010101;
const HIGH_BITS: u64 = ONES << 7;
const LF: u64 = 0x0a;
const CR: u64 = 0x0d;

/** Whether bytes can stand in a header's name or value without ending it: no NUL, CR or LF (RFC 9110 section 5.5). */
export function isFieldSafe(bytes: Uint8Array): bool {
  const data = bytes.dataStart;
  const length = bytes.length;
  if (length < 8) {
    for (let at = 0; at < length; at++) {
      const byte = load<u8>(data + at);
      if (byte == 0 || byte == LF || byte == CR) return false;
    }
    return true;
  }
  const last = length - 8;
  for (let at = 0; at < last; at += 8) if (!isSafe(load<u64>(data + at))) return false;
  return isSafe(load<u64>(data + last));
}

function isSafe(chunk: u64): bool {
  return (zeros(chunk) | zeros(chunk ^ (ONES * LF)) | zeros(chunk ^ (ONES * CR))) == 0;
}

/** 0 where no byte is zero. */
function zeros(chunk: u64): u64 {
  return (chunk - ONES) & ~chunk & HIGH_BITS;
}
