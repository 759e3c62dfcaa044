import { claimOf } from "./claim.ts";
import type { Ladder, LadderRoute } from "./ladder.ts";
import { nextRung } from "./steps.ts";

/** A route as commands and dashboard tell it. */
export function shownRoute(ladder: Ladder, { route, record }: LadderRoute) {
  const { canary, ...tallies } = ladder.tallies(record);
  const next = nextRung(record, route.ladder);
  return {
    route: route.name,
    mode: route.mode,
    ...route.ladder,
    rung: record.rung,
    pinned: record.pinned,
    proposed: record.proposed,
    /** The rung that reviews ask for and do not take it to: that takes a command. */
    asked: ladder.asked(route.name),
    modelDeny: record.modelDeny || null,
    evidence: record.evidence,
    /** What is known of the next rung; null: there is none. */
    next: next && claimOf(next, record.evidence, tallies.route, "above", route.ladder),
    reviews: { benign: tallies.route.benign.here, attacks: tallies.route.attacks.above },
    canary: record.canary && {
      rung: record.canary.rung,
      share: record.canary.shareMillionths / 1_000_000,
      evidence: record.canary.evidence,
      claim: canary && claimOf(record.canary.rung, record.canary.evidence, canary, "here", route.ladder),
      reviews: { benign: canary?.benign.here ?? 0, attacks: canary?.attacks.here ?? 0 },
    },
  };
}
