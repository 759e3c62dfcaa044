/** A median with an interval for it. */
export interface Estimate {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Median and its confidence interval by order statistics: distribution-free, of at least 95 % from six values on;
 * of fewer it is the whole range.
 */
export function estimate(values: readonly number[]): Estimate {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const skipped = outerValues(sorted.length);
  return { median: percentile(sorted, 0.5), low: at(skipped), high: at(sorted.length - 1 - skipped) };
}

/** Of sorted values, interpolated between neighbours. `share` is 0 to 1. */
export function percentile(sorted: readonly number[], share: number): number {
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** How many of `count` values lie outside the interval on each side: each side's binomial tail is 2.5 % at most. */
function outerValues(count: number): number {
  let probability = 0.5 ** count;
  let tail = probability;
  let skipped = 0;
  while (tail <= 0.025 && skipped < count / 2) {
    skipped++;
    probability *= (count - skipped + 1) / skipped;
    tail += probability;
  }
  return Math.max(0, skipped - 1);
}

/** A ratio of what two things take, and what they take. Infinite (in JSON null): to what seems to take nothing. */
export interface Ratio {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Trimmed means. */
  readonly of: number;
  readonly to: number;
  /** Of how many. */
  readonly pairs: number;
}

/** Of sorted values, cut off on each side before a mean is taken. */
const trimmedShare = 0.2;
const resamples = 2_000;

/**
 * The ratio of the trimmed means of pairs that were measured beside each other, and the 95 % interval by bootstrap of the
 * pairs. Unlike the mean or median of each pair's ratio it does not depend on denominators that are small by chance.
 */
export function ratioOfMeans(pairs: readonly (readonly [number, number])[]): Ratio {
  const means = (chosen: typeof pairs) => {
    const of = trimmedMean(chosen.map(([one]) => one));
    const to = trimmedMean(chosen.map(([, other]) => other));
    return { value: to > 0 ? of / to : Number.POSITIVE_INFINITY, of, to };
  };
  const drawn = () => pairs.map(() => pairs[Math.floor(Math.random() * pairs.length)] as readonly [number, number]);
  const ratios = Array.from({ length: resamples }, () => means(drawn()).value).sort((a, b) => a - b);
  const at = (share: number) => ratios[Math.round((resamples - 1) * share)] as number;
  return { ...means(pairs), low: at(0.025), high: at(0.975), pairs: pairs.length };
}

function trimmedMean(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const cut = Math.floor(sorted.length * trimmedShare);
  const kept = sorted.slice(cut, sorted.length - cut);
  return kept.reduce((sum, one) => sum + one, 0) / kept.length;
}
