const MULTIPLIER: u32 = 0x9e3779b1;
/** Tell the n-grams of one length from those of another. */
const ONE: u32 = 0x01000000;
const TWO: u32 = 0x02000000;
const THREE: u32 = 0x03000000;
const FOUR: u32 = 0x5bd1e995;

/** Steps that are weighed at once: the weights' loads don't wait for what is made of them. */
const STEPS: i32 = 256;
export const STEP_MASK: i32 = STEPS - 1;
/** Weights of the steps of one block, i32 each. */
export const stepWeights: usize = memory.data(1024, 16);
/** The three folded bytes before a block, then those of the block. */
const folded: usize = memory.data(288, 16);
const BEFORE: usize = 3;

/** Before the first byte stand zeros. */
export function beginSteps(): void {
  store<u32>(folded + STEPS, 0);
}

/**
 * Weighs the next block of up to `STEPS` steps of a text, from the byte at `from` on, a multiple of `STEPS`; one closing
 * zero follows the last byte. A step's weight is the sum of the weights of the 1- to 4-grams that end with its byte, in
 * which ASCII letters count as lower case and every digit as `0`: what is told apart is shape, not the number.
 * `weights` has 1 << (32 - shift) entries; a multiplicative hash's top bits index it, so no index is out of range.
 */
export function weighSteps(data: usize, from: i32, length: i32, weights: usize, shift: u32): void {
  const count = min(length - from, STEPS);
  store<u32>(folded, load<u32>(folded + STEPS));
  memory.copy(folded + BEFORE, data + from, count);
  if (count < STEPS) store<u64>(folded + BEFORE + count, 0);
  const steps = min(count + 1, STEPS);
  for (let at: usize = 0; at < <usize>steps; at += 16) fold(folded + BEFORE + at);
  for (let step: usize = 0; step < <usize>steps; step += 4) weighFour(folded + step, weights, shift, step << 2);
}

function fold(at: usize): void {
  const bytes = v128.load(at);
  const isUpper = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x41)), i8x16.splat(26));
  const isDigit = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x30)), i8x16.splat(10));
  const lower = v128.or(bytes, v128.and(isUpper, i8x16.splat(0x20)));
  v128.store(at, v128.bitselect(i8x16.splat(0x30), lower, isDigit));
}

/** The steps whose oldest bytes stand from `at` on, four after each other; of each lane the newest byte is lowest. */
function weighFour(at: usize, weights: usize, shift: u32, out: usize): void {
  const bytes = v128.load(at);
  const grams = i8x16.swizzle(bytes, i8x16(3, 2, 1, 0, 4, 3, 2, 1, 5, 4, 3, 2, 6, 5, 4, 3));
  const one = hashes(v128.or(v128.and(grams, i32x4.splat(0xff)), i32x4.splat(ONE)), shift);
  const two = hashes(v128.or(v128.and(grams, i32x4.splat(0xffff)), i32x4.splat(TWO)), shift);
  const three = hashes(v128.or(v128.and(grams, i32x4.splat(0xffffff)), i32x4.splat(THREE)), shift);
  const four = hashes(v128.xor(grams, i32x4.splat(FOUR)), shift);
  const sums = stepWeights + out;
  store<i32>(
    sums,
    sum(
      weights,
      i32x4.extract_lane(one, 0),
      i32x4.extract_lane(two, 0),
      i32x4.extract_lane(three, 0),
      i32x4.extract_lane(four, 0),
    ),
  );
  store<i32>(
    sums,
    sum(
      weights,
      i32x4.extract_lane(one, 1),
      i32x4.extract_lane(two, 1),
      i32x4.extract_lane(three, 1),
      i32x4.extract_lane(four, 1),
    ),
    4,
  );
  store<i32>(
    sums,
    sum(
      weights,
      i32x4.extract_lane(one, 2),
      i32x4.extract_lane(two, 2),
      i32x4.extract_lane(three, 2),
      i32x4.extract_lane(four, 2),
    ),
    8,
  );
  store<i32>(
    sums,
    sum(
      weights,
      i32x4.extract_lane(one, 3),
      i32x4.extract_lane(two, 3),
      i32x4.extract_lane(three, 3),
      i32x4.extract_lane(four, 3),
    ),
    12,
  );
}

function hashes(grams: v128, shift: u32): v128 {
  return i32x4.shr_u(i32x4.mul(grams, i32x4.splat(MULTIPLIER)), shift);
}

function sum(weights: usize, one: i32, two: i32, three: i32, four: i32): i32 {
  return (
    <i32>load<i8>(weights + <usize>one) +
    <i32>load<i8>(weights + <usize>two) +
    <i32>load<i8>(weights + <usize>three) +
    <i32>load<i8>(weights + <usize>four)
  );
}
