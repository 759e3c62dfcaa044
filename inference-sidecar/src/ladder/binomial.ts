// Exact bounds on a share of which k of n were seen (Clopper and Pearson, "The use of confidence or fiducial limits
// illustrated in the case of the binomial", 1934), one-sided.

/** One bound is wrong in at most one of so many cases. */
const CONFIDENCE = 0.95;

const STEPS = 60;

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

/** P(X <= k) where X is binomial of n and p, 0 < p < 1. */
function atMost(k: number, n: number, p: number): number {
  if (k >= n) return 1;
  // Far above the mean nothing is left to be added.
  if (k > n * p + 40 * Math.sqrt(n * p) + 40) return 1;
  const odds = Math.log(p) - Math.log1p(-p);
  let logTerm = n * Math.log1p(-p);
  let logSum = logTerm;
  for (let i = 1; i <= k; i++) {
    logTerm += Math.log((n - i + 1) / i) + odds;
    logSum = Math.max(logSum, logTerm) + Math.log1p(Math.exp(-Math.abs(logSum - logTerm)));
  }
  return Math.min(1, Math.exp(logSum));
}
