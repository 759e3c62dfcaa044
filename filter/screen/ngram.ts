const MULTIPLIER: u32 = 0x9e3779b1;

/** ASCII letters in lower case, every digit as `0`: what is told apart is shape, not the number. */
export function foldByte(byte: u32): u32 {
  if (byte - 0x41 < 26) return byte | 0x20;
  if (byte - 0x30 < 10) return 0x30;
  return byte;
}

/**
 * Sum of the four weights of the 1- to 4-grams that end with the last byte of `last4` (newest byte lowest).
 * `weights` has 1 << (32 - shift) entries; a multiplicative hash's top bits index it, so no index is out of range.
 */
export function weightAt(weights: usize, last4: u32, shift: u32): i32 {
  const one = (((last4 & 0xff) | 0x01000000) * MULTIPLIER) >>> shift;
  const two = (((last4 & 0xffff) | 0x02000000) * MULTIPLIER) >>> shift;
  const three = (((last4 & 0xffffff) | 0x03000000) * MULTIPLIER) >>> shift;
  const four = ((last4 ^ 0x5bd1e995) * MULTIPLIER) >>> shift;
  return (
    <i32>load<i8>(weights + one) +
    <i32>load<i8>(weights + two) +
    <i32>load<i8>(weights + three) +
    <i32>load<i8>(weights + four)
  );
}
