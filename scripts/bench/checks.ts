import { addedCpu, addedEnvoyCpu, addedLatency, type Measure, type Round } from "./results.ts";
import { type Scenario, scenario } from "./scenarios.ts";
import { type Estimate, estimate } from "./statistics.ts";

type Added = (scenario: Scenario) => Measure;

/** A ratio that is required: what the first scenario adds to bare Envoy, to what the second adds. */
interface Requirement {
  readonly what: string;
  readonly of: string;
  readonly to: string;
  readonly added: Added;
  readonly limit: number;
  /** What would be good; null: the limit. */
  readonly aim: number | null;
}

export interface Check {
  readonly what: string;
  /** Medians and intervals of the rounds' ratios. */
  readonly ratio: Estimate;
  /** The same of Envoy's CPU alone; null: no ratio of CPU. */
  readonly envoyRatio: Estimate | null;
  readonly limit: number;
  readonly aim: number | null;
  readonly passes: boolean;
}

const requirements: readonly Requirement[] = [
  {
    what: "CPU: new token, token and privilege / jwt_authn + rbac",
    of: "postern/token/new-token",
    to: "native/new-token",
    added: addedCpu,
    limit: 1.5,
    aim: 1.1,
  },
  {
    what: "CPU: known token, token and privilege / jwt_authn with cache + rbac",
    of: "postern/token/known-token",
    to: "native-cached/known-token",
    added: addedCpu,
    limit: 3,
    aim: 1.5,
  },
  ...(["get", "known-token"] as const).flatMap((request) => {
    const what = `${request === "get" ? "public GET" : "GET with a known token"}, cleared by the screen / ext_authz`;
    const pair = { of: `postern/cleared/${request}`, to: `ext-authz/${request}`, limit: 0.5, aim: null };
    return [
      { what: `CPU: ${what}`, ...pair, added: addedCpu },
      { what: `p50: ${what}`, ...pair, added: addedLatency },
    ];
  }),
  {
    what: "CPU: the last of 10,000 routes / the last of 10",
    of: "postern/routes/10000",
    to: "postern/routes/10",
    added: addedCpu,
    limit: 1.2,
    aim: null,
  },
];

/** Every requirement whose scenarios were measured. */
export function checkAll(rounds: readonly Round[]): Check[] {
  return requirements.flatMap(({ what, of, to, added, limit, aim }) => {
    const ratio = ratioOf(rounds, of, to, added);
    if (ratio === null) return [];
    const envoyRatio = added === addedCpu ? ratioOf(rounds, of, to, addedEnvoyCpu) : null;
    return [{ what, ratio, envoyRatio, limit, aim, passes: ratio.median <= limit }];
  });
}

function ratioOf(rounds: readonly Round[], of: string, to: string, added: Added): Estimate | null {
  const ratios = rounds.flatMap((round) => {
    const numerator = added(scenario(of))(round);
    const denominator = added(scenario(to))(round);
    return numerator === null || denominator === null ? [] : [numerator / denominator];
  });
  return ratios.length > 0 ? estimate(ratios) : null;
}
