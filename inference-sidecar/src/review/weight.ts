/**
 * How many of some operators' reviews count: no operator's more than all the others' together, so that nobody of several
 * moves a route alone. The only operator's all count.
 * @param counts of each operator who has reviewed
 * @param operators in the policy
 */
export function weightOf(counts: readonly number[], operators: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return operators < 2 ? total : Math.min(total, 2 * (total - Math.max(0, ...counts)));
}

/** Scores of which so many count by `weightOf`: of who has reviewed the most the lowest, which move a threshold least. */
export function weighedScores(byOperator: readonly (readonly number[])[], operators: number): number[] {
  const [most = [], ...others] = byOperator.toSorted((a, b) => b.length - a.length);
  const rest = others.flat();
  const counted = weightOf([most.length, ...others.map(({ length }) => length)], operators) - rest.length;
  return [...rest, ...most.toSorted((a, b) => a - b).slice(0, counted)];
}
