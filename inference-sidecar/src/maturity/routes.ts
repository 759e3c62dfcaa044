import { CHECKS, type Check } from "../decision-log/record.ts";
import { enforcesAccess, type RouteFacts, rungOf } from "./gate.ts";
import type { Observations, RouteMove } from "./observations.ts";

/** One route: what of the five checks of NIST SP 800-207A its permitted requests passed, and where it stands on the ladder. */
export interface RouteResult {
  readonly route: string;
  /** Where its newest request or move left it, those of a canary aside; the policy's where there was none. */
  readonly rung: string;
  readonly public: boolean;
  readonly requests: number;
  readonly permitted: number;
  readonly denied: number;
  readonly wouldDeny: number;
  readonly principals: number;
  /** Of all its requests. */
  readonly checks: Readonly<Record<Check, number>>;
  /** Requests that it met on each rung. */
  readonly rungs: Readonly<Record<string, number>>;
  readonly denials: Readonly<Record<string, number>>;
  readonly wouldDenials: Readonly<Record<string, number>>;
  /** Its steps on the ladder, in their order. */
  readonly moves: readonly RouteMove[];
  readonly enforcing: "proved" | "declared" | "no";
  /** The newest self-test: `none`, `passed`, or what was wrong. */
  readonly selfTest: string;
}

export function measureRoutes(routes: readonly RouteFacts[], log: Observations): RouteResult[] {
  return routes.map((route) => {
    const { configured, seen } = route;
    return {
      route: configured.name,
      rung: rungOf(route),
      public: configured.public,
      requests: seen.requests,
      permitted: seen.permitted,
      denied: seen.denied,
      wouldDeny: seen.wouldDeny,
      principals: seen.principals.size,
      checks: Object.fromEntries(CHECKS.map((check) => [check, seen.checks.get(check) ?? 0])) as Record<Check, number>,
      rungs: sorted(seen.rungs),
      denials: sorted(seen.denials),
      wouldDenials: sorted(seen.wouldDenials),
      moves: log.moves.get(configured.name) ?? [],
      enforcing: enforcing(route),
      selfTest: route.selfTest,
    };
  });
}

function enforcing(route: RouteFacts): RouteResult["enforcing"] {
  const { accessProved, scoreProved, selfTested } = route;
  if (!enforcesAccess(route)) return "no";
  return accessProved || scoreProved || selfTested ? "proved" : "declared";
}

/** By the number, then by name. */
function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  const entries = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}
