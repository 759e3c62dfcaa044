/** A share with its 95 % confidence interval. */
export interface Share {
  readonly count: number;
  readonly of: number;
  /** Null: of nothing. */
  readonly share: number | null;
  readonly low: number;
  readonly high: number;
}

/** Area under the ROC curve with its 95 % confidence interval. */
export interface Area {
  readonly area: number;
  readonly low: number;
  readonly high: number;
}

const Z = 1.959963984540054;

/** Interval by Wilson's score (E. B. Wilson, 1927): holds for small counts and for shares of 0 and 1. */
export function wilson(count: number, of: number): Share {
  if (of === 0) return { count, of, share: null, low: 0, high: 1 };
  const share = count / of;
  const z2 = (Z * Z) / of;
  const centre = (share + z2 / 2) / (1 + z2);
  const half = (Z / (1 + z2)) * Math.sqrt((share * (1 - share)) / of + z2 / (4 * of));
  return { count, of, share, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/**
 * The chance that a positive scores higher than a negative, ties counting half (Mann and Whitney), with the standard
 * error of Hanley and McNeil (1982). Null: one side is empty.
 * @param negatives ascending
 */
export function rocArea(positives: readonly number[], negatives: Float64Array): Area | null {
  if (positives.length === 0 || negatives.length === 0) return null;
  const wins = positives.reduce(
    (sum, score) => sum + (below(negatives, score, false) + below(negatives, score, true)) / 2,
    0,
  );
  const area = wins / (positives.length * negatives.length);
  const one = area / (2 - area);
  const two = (2 * area * area) / (1 + area);
  const spread =
    area * (1 - area) + (positives.length - 1) * (one - area * area) + (negatives.length - 1) * (two - area * area);
  const half = Z * Math.sqrt(Math.max(0, spread) / (positives.length * negatives.length));
  return { area, low: Math.max(0, area - half), high: Math.min(1, area + half) };
}

/** How many of the ascending numbers are below it, or `orEqual`. */
function below(ascending: Float64Array, score: number, orEqual: boolean): number {
  let from = 0;
  let to = ascending.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    const value = ascending[middle] as number;
    if (value < score || (orEqual && value === score)) from = middle + 1;
    else to = middle;
  }
  return from;
}
