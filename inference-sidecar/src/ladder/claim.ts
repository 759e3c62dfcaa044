import type { Ladder, Mode } from "../policy/policy.ts";
import type { Tally } from "../review/reviews.ts";
import { isBelow, upperBound } from "./binomial.ts";
import { type Evidence, type FindingKind, judgedBy } from "./evidence.ts";

/** What a route must show to stand on a rung: that few enough of its requests are refused there wrongly, and on enough days. */
export interface Claim {
  readonly rung: Mode;
  /** Those that the rung judges, without reviewed attacks. */
  readonly requests: number;
  /** Findings that nobody has reviewed as attacks count as false. */
  readonly falsePositives: number;
  /** Of their share, at 95 % confidence. */
  readonly upperBound: number;
  readonly budget: number;
  readonly days: number;
  readonly daysNeeded: number;
  readonly holds: boolean;
}

/** @param kind whether the evidence is of the rung itself, or of the one below it */
export function claimOf(rung: Mode, evidence: Evidence, tally: Tally, kind: FindingKind, ladder: Ladder): Claim {
  const { budget, days: daysNeeded } = ladder;
  const attacks = tally.attacks[kind];
  const requests = judgedBy(rung, evidence) - attacks;
  const falsePositives = Math.max(0, evidence[kind] - attacks);
  const { days } = evidence;
  const holds = days >= daysNeeded && isBelow(falsePositives, requests, budget);
  return {
    rung,
    requests,
    falsePositives,
    upperBound: upperBound(falsePositives, requests),
    budget,
    days,
    daysNeeded,
    holds,
  };
}
