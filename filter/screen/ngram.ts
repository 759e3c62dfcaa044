/** Odd, so that the hashes of four bytes are all different. */
const MULTIPLIER: u32 = 0x9e3779b1;
/** Tell the n-grams of one length from those of another. */
const ONE: u32 = 0x01000000;
const TWO: u32 = 0x02000000;
const THREE: u32 = 0x03000000;
const FOUR: u32 = 0x5bd1e995;

/** Indices of the weights of 1- to 4-grams, u32 each: of all four lanes those of one length, then of the next. */
const indices: usize = memory.data(64, 16);

export function hashesOf(grams: v128): v128 {
  return i32x4.mul(grams, i32x4.splat(MULTIPLIER));
}

/**
 * Makes `weightOf` ready for the 1- to 4-grams that end with the lowest byte of each lane; of a table with 1 << (32 - shift)
 * entries a multiplicative hash's top bits are an index.
 */
export function lookUp(grams: v128, shift: u32): void {
  v128.store(indices, indexOf(v128.or(v128.and(grams, i32x4.splat(0xff)), i32x4.splat(ONE)), shift));
  v128.store(indices, indexOf(v128.or(v128.and(grams, i32x4.splat(0xffff)), i32x4.splat(TWO)), shift), 16);
  v128.store(indices, indexOf(v128.or(v128.and(grams, i32x4.splat(0xffffff)), i32x4.splat(THREE)), shift), 32);
  v128.store(indices, indexOf(v128.xor(grams, i32x4.splat(FOUR)), shift), 48);
}

/** The sum of the weights of a lane's n-grams. */
export function weightOf(lane: usize, weights: usize): i32 {
  const at = indices + (lane << 2);
  return (
    <i32>load<i8>(weights + <usize>load<u32>(at)) +
    <i32>load<i8>(weights + <usize>load<u32>(at, 16)) +
    <i32>load<i8>(weights + <usize>load<u32>(at, 32)) +
    <i32>load<i8>(weights + <usize>load<u32>(at, 48))
  );
}

function indexOf(grams: v128, shift: u32): v128 {
  return i32x4.shr_u(hashesOf(grams), shift);
}
