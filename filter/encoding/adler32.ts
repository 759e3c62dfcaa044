const MODULUS: u32 = 65521;
/** So many bytes can be summed before the second sum leaves 32 bits. */
const RUN_BYTES: usize = 5552;

/** Adler-32 of `start` to `end` (RFC 1950, section 8.2). */
export function adler32(bytes: Uint8Array, start: i32, end: i32): u32 {
  const stop = bytes.dataStart + end;
  let low: u32 = 1;
  let high: u32 = 0;
  for (let at = bytes.dataStart + start; at < stop; ) {
    const runEnd = min(at + RUN_BYTES, stop);
    for (; at < runEnd; at++) {
      low += load<u8>(at);
      high += low;
    }
    low %= MODULUS;
    high %= MODULUS;
  }
  return (high << 16) | low;
}
