import { hashesOf, lookUp, weightOf } from "./ngram";

/** Steps that are weighed at once: loads don't wait for what is made of them. */
export const STEPS: i32 = 256;
/** Of a step that is none: no run goes over it. */
const NO_STEP: i32 = -(1 << 20);
const BEFORE: i32 = 3;

/** Weights of a block's steps, i32 each: the first of each of its four quarters, then the second of each, and so on. */
export const stepWeights: usize = memory.data(1024, 16);
/** The three folded bytes before a block, then those of the block, and what is loaded beyond it. */
const folded: usize = memory.data(288, 16);
/** Which fours of `stepWeights` have one that is not remembered. */
const missed: usize = memory.data(80, 16);

/**
 * What recent steps weigh: it is a function of four bytes, and texts are made of few fours, which lie side by side here
 * and scattered in the table. The upper bits of a hash that no other four bytes have lead to two places of u32 each, the
 * newer first: the lower bits of the hash, then what it weighs and `OFFSET`; 0: nothing.
 */
const MEMO_BITS: u32 = 13;
const WEIGHT_BITS: u32 = 13;
/** More than a step can weigh: four weights of 8 bits. */
const OFFSET: i32 = 513;
const memo: usize = memory.data(8 << MEMO_BITS, 16);
/** Of four steps that are weighed, u32 each: the offsets of their places, and the bits of their hashes that stand there. */
const places: usize = memory.data(16, 16);
const tags: usize = memory.data(16, 16);

/** A quarter of the steps from that of the byte at `from` on, rounded up: at most of `STEPS`. */
export function quarterFrom(from: i32, length: i32): i32 {
  return (min(length - from + 1, STEPS) + 3) >> 2;
}

/** Where the weight of a step stands in `stepWeights`. */
export function weightAt(step: i32, quarter: i32): usize {
  let lane = 0;
  for (; step >= quarter; step -= quarter) lane += 4;
  return stepWeights + ((<usize>step) << 4) + lane;
}

/**
 * Weighs up to four times `quarter` steps of a text, from that of the byte at `from` on; where there are fewer, the others
 * are such as no run goes over. A step is a byte with the 1- to 4-grams that it completes; before the first byte stand zeros,
 * and one closing zero follows the last. ASCII letters count as lower case and every digit as `0`: what is told apart is
 * shape, not the number. `weights` has 1 << (32 - shift) entries, in all calls the same.
 */
export function weighSteps(data: usize, from: i32, length: i32, quarter: i32, weights: usize, shift: u32): void {
  const most = 4 * quarter;
  const count = min(length - from, most);
  const before = min(from, BEFORE);
  const steps = min(count + 1, most);
  store<u32>(folded, 0);
  memory.copy(folded + (BEFORE - before), data + from - before, before + count);
  store<u64>(folded + BEFORE + count, 0);
  for (let at = 0; at < steps + BEFORE; at += 16) fold(folded + at);
  const apart = <usize>quarter;
  let misses = missed;
  for (let four: usize = 0; four < apart; four++) {
    const hashes = hashesOf(gramsAt(folded + four, apart));
    const pairs = placesOf(hashes);
    let left = v128.load64_zero(memo + i32x4.extract_lane(pairs, 0));
    left = v128.load64_lane(memo + i32x4.extract_lane(pairs, 1), left, 1);
    let right = v128.load64_zero(memo + i32x4.extract_lane(pairs, 2));
    right = v128.load64_lane(memo + i32x4.extract_lane(pairs, 3), right, 1);
    const known = i32x4.shl(hashes, WEIGHT_BITS);
    const newer = i32x4.sub(v128.shuffle<i32>(left, right, 0, 2, 4, 6), known);
    const older = i32x4.sub(v128.shuffle<i32>(left, right, 1, 3, 5, 7), known);
    const found = v128.or(v128.and(newer, isWeight(newer)), v128.and(older, isWeight(older)));
    v128.store(stepWeights + (four << 4), i32x4.sub(found, i32x4.splat(OFFSET)));
    store<u8>(misses, <u8>four);
    misses += <usize>!i32x4.all_true(found);
  }
  for (let miss = missed; miss < misses; miss++) weighMissing(<usize>load<u8>(miss), apart, weights, shift);
  for (let step = steps; step < most; step++) store<i32>(weightAt(step, quarter), NO_STEP);
}

function fold(at: usize): void {
  const bytes = v128.load(at);
  const isUpper = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x41)), i8x16.splat(26));
  const isDigit = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x30)), i8x16.splat(10));
  const lower = v128.or(bytes, v128.and(isUpper, i8x16.splat(0x20)));
  v128.store(at, v128.bitselect(i8x16.splat(0x30), lower, isDigit));
}

/** The four bytes of a step of each quarter, the newest lowest; the first one's stand at `at`. */
function gramsAt(at: usize, quarter: usize): v128 {
  let bytes = v128.load32_zero(at);
  bytes = v128.load32_lane(at + quarter, bytes, 1);
  bytes = v128.load32_lane(at + 2 * quarter, bytes, 2);
  bytes = v128.load32_lane(at + 3 * quarter, bytes, 3);
  return i8x16.swizzle(bytes, i8x16(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));
}

/** All ones where nothing of another hash is left. */
function isWeight(found: v128): v128 {
  return i32x4.eq(i32x4.shr_u(found, WEIGHT_BITS), i32x4.splat(0));
}

/** Offsets into `memo`. */
function placesOf(hashes: v128): v128 {
  return i32x4.shl(i32x4.shr_u(hashes, 32 - MEMO_BITS), 3);
}

/** Weighs, and remembers, those of four steps that were not remembered. */
function weighMissing(four: usize, quarter: usize, weights: usize, shift: u32): void {
  const grams = gramsAt(folded + four, quarter);
  const hashes = hashesOf(grams);
  v128.store(places, placesOf(hashes));
  v128.store(tags, i32x4.shl(hashes, WEIGHT_BITS));
  lookUp(grams, shift);
  let at = stepWeights + (four << 4);
  for (let lane: usize = 0; lane < 4; lane++, at += 4) {
    if (load<i32>(at) != -OFFSET) continue;
    const weight = weightOf(lane, weights);
    const place = memo + <usize>load<u32>(places + (lane << 2));
    const entry = load<u32>(tags + (lane << 2)) | <u32>(weight + OFFSET);
    store<i32>(at, weight);
    if (load<u32>(place) != entry) store<u64>(place, (load<u64>(place) << 32) | entry);
  }
}
