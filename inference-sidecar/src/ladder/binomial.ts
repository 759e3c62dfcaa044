// Exact bounds on a share of which k of n were seen (Clopper and Pearson, "The use of confidence or fiducial limits
// illustrated in the case of the binomial", 1934), one-sided.

/** One bound is wrong in at most one of so many cases. */
export const CONFIDENCE = 0.95;

const STEPS = 60;
/** A term of less than this share of the sum so far adds nothing to it, nor do those after it. */
const NEGLIGIBLE = 1e-17;
/** From here on Stirling's series is exact to the last digits. */
const SERIES_FROM = 16;

/** Whether the share is below `limit`, with confidence. */
export function isBelow(k: number, n: number, limit: number): boolean {
  return n > 0 && atMost(k, n, limit) <= 1 - CONFIDENCE;
}

/** Whether the share is above `limit`, with confidence. */
export function isAbove(k: number, n: number, limit: number): boolean {
  return k > 0 && 1 - atMost(k - 1, n, limit) <= 1 - CONFIDENCE;
}

/** The upper bound of the share. */
export function upperBound(k: number, n: number): number {
  if (n === 0 || k >= n) return 1;
  let [low, high] = [k / n, 1];
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) / 2;
    if (isBelow(k, n, middle)) high = middle;
    else low = middle;
  }
  return high;
}

/**
 * P(X <= k) where X is binomial of n and p, 0 < p < 1. The terms are added from the mean's side outwards, until they are
 * negligible: those of a few standard deviations, however large the counts are, which requests drive up.
 */
function atMost(k: number, n: number, p: number): number {
  if (k >= n) return 1;
  const odds = p / (1 - p);
  if (k <= n * p) return sumFrom(exactly(k, n, p), (index) => (k - index) / (n - k + index + 1) / odds);
  return Math.max(0, 1 - sumFrom(exactly(k + 1, n, p), (index) => ((n - k - 1 - index) / (k + 2 + index)) * odds));
}

/** Of terms that fall. @param ratio of the term after the one with this index, from 0, to it; in the end 0 */
function sumFrom(first: number, ratio: (index: number) => number): number {
  let sum = first;
  let term = first;
  for (let index = 0; term > NEGLIGIBLE * sum; index++) {
    term *= ratio(index);
    sum += term;
  }
  return Math.min(1, sum);
}

/** P(X = k), by Stirling's formula with its error. */
function exactly(k: number, n: number, p: number): number {
  if (k === 0) return Math.exp(n * Math.log1p(-p));
  if (k === n) return Math.exp(n * Math.log(p));
  const rest = n - k;
  const distance = k * Math.log(k / (n * p)) + rest * Math.log(rest / (n * (1 - p)));
  const error = stirlingError(n) - stirlingError(k) - stirlingError(rest);
  return Math.sqrt(n / (2 * Math.PI * k * rest)) * Math.exp(error - distance);
}

/** log n! less Stirling's formula for it. */
function stirlingError(n: number): number {
  if (n >= SERIES_FROM) return (1 / 12 - (1 / 360 - (1 / 1260 - 1 / 1680 / n ** 2) / n ** 2) / n ** 2) / n;
  let factorial = 1;
  for (let i = 2; i <= n; i++) factorial *= i;
  return Math.log(factorial) - (n + 0.5) * Math.log(n) + n - Math.log(2 * Math.PI) / 2;
}
