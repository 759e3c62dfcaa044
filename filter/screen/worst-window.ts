import { limitedSum, limitedTo, scanWindows } from "./limited-runs";
import { quarterFrom, STEPS, stepWeights, weighSteps, weightAt } from "./step-weights";

/** Bytes of the longest window: what the model takes. */
const WINDOW_BYTES: i32 = 256;

/** Bytes that a window shows of what stands before and behind the worst run. */
export const CONTEXT_BYTES: i32 = 8;

/** Steps of a window: its n-grams reach three bytes further back, and all of them must fit into WINDOW_BYTES. */
const WINDOW_STEPS: i32 = WINDOW_BYTES - 3;

/** Sums of the four quarters of a block, i32 each: of all of it, the largest from its first step on, up to its last, of any run. */
const totals: usize = memory.data(16, 16);
const heads: usize = memory.data(16, 16);
const tails: usize = memory.data(16, 16);
const runs: usize = memory.data(16, 16);

let bestSum: i32 = 0;
/** The steps of the run that has it; where it begins may be still to be found: NOT_FOUND. */
let bestFrom: i32 = 0;
let bestTo: i32 = 0;
const NOT_FOUND: i32 = -1;
let bestStart: i32 = 0;
let bestEnd: i32 = 0;

/**
 * The largest sum of weights over any run of at most WINDOW_STEPS steps of `length` bytes (see `weighSteps`), at least 0 (the empty
 * run); zeros before the first byte and behind the last let it be seen where a value begins and ends. What stands before or
 * behind a run never lowers its sum: padding hides nothing. Linear time, fixed memory.
 */
export function findWorstWindow(data: usize, length: i32, weights: usize, tableBits: u32): void {
  const shift = 32 - tableBits;
  bestSum = 0;
  bestFrom = 0;
  bestTo = 0;
  for (let at = 0; at <= length; ) {
    at = scanRuns(data, length, at, weights, shift);
    if (at > length) break;
    at = scanWindows(data, length, at, weights, shift, bestSum);
    if (limitedSum == bestSum) continue;
    bestSum = limitedSum;
    bestFrom = NOT_FOUND;
    bestTo = limitedTo;
  }
  if (bestFrom == NOT_FOUND) findBegin(data, length, weights, shift);
  place(length, max(0, bestFrom - 3), min(bestTo, length));
}

/**
 * From step `from` on, as long as no run is longer than a window: what is left of a sum when it can't fall below 0 is then
 * the largest up to a step. Gives a step from which on runs may be longer, or that past the last.
 */
function scanRuns(data: usize, length: i32, from: i32, weights: usize, shift: u32): i32 {
  let left = 0;
  // No run whose sum is left began before it.
  let since = from;
  for (let block = from; block <= length; block += STEPS) {
    const quarter = quarterFrom(block, length);
    weighSteps(data, block, length, quarter, weights, shift);
    sumQuarters(quarter);
    for (let lane: usize = 0; lane < 16; lane += 4) {
      const start = block + (<i32>lane >> 2) * quarter;
      if (left == 0) since = start;
      if (start + quarter - since > WINDOW_STEPS) return since;
      if (max(left + load<i32>(heads + lane), load<i32>(runs + lane)) > bestSum) findEnd(lane, quarter, left, start);
      const ongoing = left + load<i32>(totals + lane);
      const begun = load<i32>(tails + lane);
      if (begun >= ongoing) since = start;
      left = max(ongoing, begun);
    }
  }
  return length + 1;
}

function sumQuarters(quarter: i32): void {
  const zero = i32x4.splat(0);
  let total = zero;
  let head = zero;
  let tail = zero;
  let run = zero;
  const end = stepWeights + ((<usize>quarter) << 4);
  for (let at = stepWeights; at < end; at += 16) {
    const weight = v128.load(at);
    total = i32x4.add(total, weight);
    head = i32x4.max_s(head, total);
    tail = i32x4.max_s(i32x4.add(tail, weight), zero);
    run = i32x4.max_s(run, tail);
  }
  v128.store(totals, total);
  v128.store(heads, head);
  v128.store(tails, tail);
  v128.store(runs, run);
}

/** Where in a quarter the worst run ends, if a worse one does; `left` of a sum at its first step, which is `start`. */
function findEnd(lane: usize, quarter: i32, left: i32, start: i32): void {
  let at = stepWeights + lane;
  for (let step = 1; step <= quarter; step++, at += 16) {
    left = max(left + load<i32>(at), 0);
    if (left <= bestSum) continue;
    bestSum = left;
    bestFrom = NOT_FOUND;
    bestTo = start + step;
  }
}

/** The shortest run that ends at `bestTo` and has `bestSum`: a longer one would begin with what weighs nothing. */
function findBegin(data: usize, length: i32, weights: usize, shift: u32): void {
  const from = max(0, bestTo - STEPS);
  const quarter = quarterFrom(from, length);
  weighSteps(data, from, length, quarter, weights, shift);
  let sum = 0;
  let step = bestTo - from;
  while (sum < bestSum && step > 0) sum += load<i32>(weightAt(--step, quarter));
  bestFrom = from + step;
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
