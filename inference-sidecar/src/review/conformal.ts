/**
 * The threshold from which on at most `budget` of benign requests are denied, by split conformal prediction (Vovk,
 * Gammerman and Shafer, "Algorithmic Learning in a Random World", 2005, section 4.2.2), in millionths; null: too few
 * requests for any.
 * @param passed how many benign requests were below every threshold; they count as less than any score given
 * @param scores of benign requests that were denied, millionths
 * @param budget share of benign requests that may be denied
 */
export function conformalThreshold(passed: number, scores: readonly number[], budget: number): number | null {
  const n = passed + scores.length;
  const rank = Math.ceil((n + 1) * (1 - budget));
  if (rank > n) return null;
  const highest = scores.toSorted((a, b) => b - a);
  // The threshold itself denies: it lies just above the score of that rank.
  const score = highest[n - rank];
  return score === undefined ? 0 : score + 1;
}
