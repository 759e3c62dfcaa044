import { type Requirement, requirements } from "./requirements.ts";
import { addedCpu, addedEnvoyCpu, type Visit } from "./results.ts";
import { scenario } from "./scenarios.ts";
import { type Ratio, ratioOfMeans } from "./statistics.ts";

/** Of fewer pairs a bootstrap's interval is no interval: that of a single one has no width. */
const fewestPairs = 6;

export interface Check {
  readonly what: string;
  readonly ratio: Ratio;
  /** The same of Envoy's CPU alone; null: no ratio of CPU. */
  readonly envoyRatio: Ratio | null;
  readonly limit: number;
  readonly aim: number | null;
  readonly passes: boolean;
  /** The whole interval is on the same side of the limit, and made of enough pairs. */
  readonly certain: boolean;
}

/** Every requirement whose scenarios were measured. */
export function checkAll(visits: readonly Visit[]): Check[] {
  return requirements.flatMap((requirement) => {
    const { what, added, limit, aim } = requirement;
    const ratio = ratioOf(visits, requirement, added);
    if (ratio === null) return [];
    const envoyRatio = added === addedCpu ? ratioOf(visits, requirement, addedEnvoyCpu) : null;
    const certain = ratio.pairs >= fewestPairs && (ratio.high <= limit || ratio.low > limit);
    return [{ what, ratio, envoyRatio, limit, aim, passes: ratio.value <= limit, certain }];
  });
}

function ratioOf(visits: readonly Visit[], { of, to }: Requirement, added: Requirement["added"]): Ratio | null {
  const pairs = visits.flatMap((visit) => {
    const numerator = added(scenario(of))(visit);
    const denominator = added(scenario(to))(visit);
    return numerator === null || denominator === null ? [] : [[numerator, denominator] as const];
  });
  return pairs.length > 0 ? ratioOfMeans(pairs) : null;
}
