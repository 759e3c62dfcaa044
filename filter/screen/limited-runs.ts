import { stepWeights, weighSteps, weightAt } from "./step-weights";

/**
 * A window has a step more than four quarters of a block: of the sums before a step from which on a run up to it may begin,
 * there are those before the steps of its quarter up to it, of the three quarters before, and of the fourth before that from
 * the same place in it on. So the four quarters of a block are looked at side by side, and each sum a few times.
 */
const QUARTER: i32 = 63;
const BLOCK: i32 = 4 * QUARTER;
const ROW_BYTES: usize = 16;
const ROWS_BYTES: usize = 63 * 16;
/** More than a sum of a block can be. */
const FAR: i32 = 1 << 29;

/** Of each step of a block: what all before it in its quarter weigh, then what the worst run up to it does. */
const sums: usize = memory.data(63 * 16, 16);
/** Of each step of a block, and of the one before, the least of the sums before it and those behind it in its quarter. */
const leastA: usize = memory.data(63 * 16, 16);
const leastB: usize = memory.data(63 * 16, 16);

/** The largest sum of a run that the last call found, and the step behind it. */
export let limitedSum: i32 = 0;
export let limitedTo: i32 = 0;

/**
 * The worst of the runs of at most a window's steps, from step `from` of a text on, where it is worse than `above`. Gives the
 * first end of a block at which nothing is left of any run that began before, or the step past the last.
 */
export function scanWindows(data: usize, length: i32, from: i32, weights: usize, shift: u32, above: i32): i32 {
  limitedSum = above;
  let leastBefore = leastA;
  let leastHere = leastB;
  let quartersBefore = i32x4.splat(FAR);
  for (let at: usize = 0; at < ROWS_BYTES; at += ROW_BYTES) v128.store(leastBefore + at, quartersBefore);
  for (let block = from; block <= length; block += BLOCK) {
    weighSteps(data, block, length, QUARTER, weights, shift);
    const starts = startsOfQuarters();
    const total = blockTotal;
    const quarters = leastFrom(starts, total, leastHere);
    const most = gains(starts, threeBefore(quartersBefore, quarters), leastBefore);
    if (v128.any_true(i32x4.gt_s(most, i32x4.splat(limitedSum)))) takeFirst(block, most);
    if (i32x4.all_true(i32x4.ge_s(quarters, i32x4.splat(total)))) return block + BLOCK;
    quartersBefore = i32x4.sub(quarters, i32x4.splat(total));
    const other = leastBefore;
    leastBefore = leastHere;
    leastHere = other;
  }
  return length + 1;
}

/** What the steps of the block weigh. */
let blockTotal: i32 = 0;

/** Fills `sums` and `blockTotal`; gives what all steps before each quarter weigh. */
function startsOfQuarters(): v128 {
  const zero = i32x4.splat(0);
  let sum = zero;
  for (let at: usize = 0; at < ROWS_BYTES; at += ROW_BYTES) {
    v128.store(sums + at, sum);
    sum = i32x4.add(sum, v128.load(stepWeights + at));
  }
  const before = v128.shuffle<i32>(zero, sum, 0, 4, 5, 6);
  const two = i32x4.add(before, v128.shuffle<i32>(zero, before, 0, 4, 5, 6));
  const starts = i32x4.add(two, v128.shuffle<i32>(zero, two, 0, 1, 4, 5));
  blockTotal = i32x4.extract_lane(i32x4.add(starts, sum), 3);
  return starts;
}

/** Fills `least`, counted from the block's end, for the next block; gives the least sums of the quarters, from its beginning. */
function leastFrom(starts: v128, total: i32, least: usize): v128 {
  const fromEnd = i32x4.sub(starts, i32x4.splat(total));
  let lowest = i32x4.splat(FAR);
  for (let at = ROWS_BYTES; at > 0; ) {
    at -= ROW_BYTES;
    lowest = i32x4.min_s(lowest, i32x4.add(fromEnd, v128.load(sums + at)));
    v128.store(least + at, lowest);
  }
  return i32x4.add(lowest, i32x4.splat(total));
}

/** The least sums of the three quarters before each. */
function threeBefore(before: v128, here: v128): v128 {
  const one = v128.shuffle<i32>(before, here, 3, 4, 5, 6);
  const two = v128.shuffle<i32>(before, here, 2, 3, 4, 5);
  const three = v128.shuffle<i32>(before, here, 1, 2, 3, 4);
  return i32x4.min_s(one, i32x4.min_s(two, three));
}

/** Fills `sums` with the worst runs up to each step; gives the largest of each quarter. */
function gains(starts: v128, lowestBefore: v128, leastBefore: usize): v128 {
  let lowest = lowestBefore;
  let most = i32x4.splat(0);
  for (let at: usize = 0; at < ROWS_BYTES; at += ROW_BYTES) {
    const before = i32x4.add(starts, v128.load(sums + at));
    lowest = i32x4.min_s(lowest, before);
    const begin = i32x4.min_s(lowest, v128.load(leastBefore + at));
    const gain = i32x4.sub(i32x4.add(before, v128.load(stepWeights + at)), begin);
    v128.store(sums + at, gain);
    most = i32x4.max_s(most, gain);
  }
  return most;
}

/** The first step of a block up to which a run is as bad as the worst of it. */
function takeFirst(block: i32, most: v128): void {
  const pairs = i32x4.max_s(most, v128.shuffle<i32>(most, most, 2, 3, 0, 1));
  limitedSum = max(i32x4.extract_lane(pairs, 0), i32x4.extract_lane(pairs, 1));
  let step = 0;
  while (load<i32>(sums + (weightAt(step, QUARTER) - stepWeights)) != limitedSum) step++;
  limitedTo = block + step + 1;
}
