import { beginSteps, STEP_MASK, stepWeights, weighSteps } from "./ngram";

/** Bytes of the longest window: what the model takes. */
const WINDOW_BYTES: i32 = 256;

/** Bytes that a window shows of what stands before and behind the worst run. */
export const CONTEXT_BYTES: i32 = 8;

/** Steps of a window: its n-grams reach three bytes further back, and all of them must fit into WINDOW_BYTES. */
const WINDOW_STEPS: i32 = WINDOW_BYTES - 3;
const RING: i32 = 256;
const RING_MASK: i32 = RING - 1;

/** Prefix sums that may still begin the worst window, ascending; positions beside them. One call at a time uses them. */
const candidateSums = new StaticArray<i64>(RING);
const candidatePositions = new StaticArray<i32>(RING);

let bestSum: i32 = 0;
let bestStart: i32 = 0;
let bestEnd: i32 = 0;

/**
 * The largest sum of weights over any run of at most WINDOW_STEPS steps of `bytes`, at least 0 (the empty run).
 * A step is a byte with the 1- to 4-grams that it completes; before the first byte stand zeros, and one closing zero
 * follows the last, so that where a value begins and ends is seen. What stands before or behind a run never lowers
 * its sum: padding hides nothing. Linear time; 2,048 + 1,024 bytes of memory.
 */
export function findWorstWindow(bytes: Uint8Array, weights: usize, tableBits: u32): void {
  const data = bytes.dataStart;
  const length = bytes.length;
  const shift = 32 - tableBits;
  let best: i64 = 0;
  let from = 0;
  let to = 0;
  // The queue is [head, tail) in ring indices, never longer than WINDOW_STEPS + 1 < RING; its head is kept in locals.
  let head = 0;
  let tail = 1;
  let headSum: i64 = 0;
  let headPosition = 0;
  let sum: i64 = 0;
  beginSteps();
  for (let position = 1; position <= length + 1; position++) {
    const step = (position - 1) & STEP_MASK;
    if (step == 0) weighSteps(data, position - 1, length, weights, shift);
    sum += <i64>load<i32>(stepWeights + ((<usize>step) << 2));
    if (headPosition < position - WINDOW_STEPS) {
      head++;
      headSum = unchecked(candidateSums[head & RING_MASK]);
      headPosition = unchecked(candidatePositions[head & RING_MASK]);
    }
    if (sum <= headSum) {
      headSum = sum;
      headPosition = position;
      tail = head + 1;
      continue;
    }
    if (sum - headSum > best) {
      best = sum - headSum;
      from = headPosition;
      to = position;
    }
    while (tail - 1 > head && unchecked(candidateSums[(tail - 1) & RING_MASK]) >= sum) tail--;
    unchecked((candidateSums[tail & RING_MASK] = sum));
    unchecked((candidatePositions[tail & RING_MASK] = position));
    tail++;
  }
  bestSum = <i32>min<i64>(best, i32.MAX_VALUE);
  place(length, max(0, from - 3), min(to, length));
}

/** The worst run with a little context: more would let what stands around an attack outvote it in the model. */
function place(length: i32, from: i32, to: i32): void {
  const context = min(CONTEXT_BYTES, (WINDOW_BYTES - (to - from)) >> 1);
  bestStart = max(0, from - context);
  bestEnd = min(length, to + context);
}

export function worstSum(): i32 {
  return bestSum;
}

export function worstWindowStart(): i32 {
  return bestStart;
}

export function worstWindowEnd(): i32 {
  return bestEnd;
}
