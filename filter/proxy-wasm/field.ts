/** One in each byte. */
const ONES: u64 = ((<u64>0x01010101) << 32) | 0x01010101;
const HIGH_BITS: u64 = ONES << 7;
const LF: u64 = 0x0a;
const CR: u64 = 0x0d;

/** Whether bytes can stand in a header's name or value without ending it: no NUL, CR or LF (RFC 9110 section 5.5). */
export function isFieldSafe(bytes: Uint8Array): bool {
  const data = bytes.dataStart;
  const length = bytes.length;
  let at = 0;
  for (; at + 8 <= length; at += 8) {
    const chunk = load<u64>(data + at);
    if ((zeros(chunk) | zeros(chunk ^ (ONES * LF)) | zeros(chunk ^ (ONES * CR))) != 0) return false;
  }
  for (; at < length; at++) {
    const byte = load<u8>(data + at);
    if (byte == 0 || byte == LF || byte == CR) return false;
  }
  return true;
}

/** 0 where no byte is zero. */
function zeros(chunk: u64): u64 {
  return (chunk - ONES) & ~chunk & HIGH_BITS;
}
