import { randomBytes } from "node:crypto";
import { type Ladder, MODES, type Mode } from "../policy/policy.ts";
import type { Tally } from "../review/reviews.ts";
import { weightOf } from "../review/weight.ts";
import { isAbove } from "./binomial.ts";
import { claimOf } from "./claim.ts";
import { type Evidence, judgedBy, noEvidence } from "./evidence.ts";
import type { MoveKind, RouteRecord } from "./route-record.ts";

/** One principal in ten. */
const CANARY_SHARE_MILLIONTHS = 100_000;
/** So many reviewed false positives there must be at least before a route goes down. */
const REVIEWS_LEAST = 3;
const SALT_BYTES = 16;

/** What becomes of a route, and what it is called. */
export interface Step {
  readonly kind: MoveKind;
  readonly next: RouteRecord;
}

/** Reviews of what the route did on its rung, and in its canary. */
export interface Tallies {
  readonly route: Tally;
  readonly canary: Tally | null;
}

/** The next rung up; null: the route is at its ceiling. */
export function nextRung({ rung }: RouteRecord, { ceiling }: Ladder): Mode | null {
  const next = MODES[MODES.indexOf(rung) + 1];
  return next === undefined || MODES.indexOf(next) > MODES.indexOf(ceiling) ? null : next;
}

/** The step that evidence and reviews ask for; null: none. Reviewed false positives come first. */
export function stepByEvidence(
  record: RouteRecord,
  ladder: Ladder,
  { route, canary }: Tallies,
  operators: number,
  now: string,
): Step | null {
  if (record.pinned) return null;
  if (record.canary !== null && canary !== null) {
    const { rung, evidence } = record.canary;
    if (isHarmful(evidence, rung, canary, ladder, operators)) return endCanary(record, now);
    const { holds } = claimOf(rung, evidence, canary, "here", ladder);
    return holds ? { kind: "promote", next: standOn(record, rung, now) } : null;
  }
  if (isHarmful(record.evidence, record.rung, route, ladder, operators)) {
    const down = stepDown(record, ladder, now);
    // Nobody could object to an only operator: below the score's enforcement it takes a command, whatever is reviewed.
    return operators < 2 && below(down?.next.rung ?? "observe", "prevent") ? null : down;
  }
  const next = nextRung(record, ladder);
  if (next === null || (record.proposed !== null && ladder.promote === "propose")) return null;
  if (!claimOf(next, record.evidence, route, "above", ladder).holds) return null;
  return ladder.promote === "auto" ? beginCanary(record, next, now) : propose(record, next);
}

/** The rung that reviews ask for, whether they take the route there or not; null: none. */
export function askedFor(record: RouteRecord, ladder: Ladder, tally: Tally, operators: number): Mode | null {
  const { rung, evidence, canary } = record;
  if (canary !== null || !isHarmful(evidence, rung, tally, ladder, operators)) return null;
  return rungBelow(record, ladder);
}

export function propose(record: RouteRecord, to: Mode): Step {
  return { kind: "propose", next: { ...record, proposed: to } };
}

export function beginCanary(record: RouteRecord, rung: Mode, now: string): Step {
  const salt = randomBytes(SALT_BYTES).toString("hex");
  const canary = { rung, shareMillionths: CANARY_SHARE_MILLIONTHS, salt, evidence: noEvidence(now) };
  return { kind: "canary", next: { ...record, proposed: null, canary } };
}

/** What the route had shown before has not held: it counts for no other canary. */
export function endCanary(record: RouteRecord, now: string): Step {
  return { kind: "canary-end", next: { ...record, evidence: noEvidence(now), canary: null, proposed: null } };
}

/** One rung down; null: the route is at its floor. */
export function stepDown(record: RouteRecord, ladder: Ladder, now: string): Step | null {
  const to = rungBelow(record, ladder);
  return to && { kind: "demote", next: standOn(record, to, now) };
}

function rungBelow({ rung }: RouteRecord, { floor }: Ladder): Mode | null {
  return below(floor, rung) ? (MODES[MODES.indexOf(rung) - 1] as Mode) : null;
}

function below(one: Mode, other: Mode): boolean {
  return MODES.indexOf(one) < MODES.indexOf(other);
}

/** On the rung, with nothing known of it yet. */
export function standOn(record: RouteRecord, rung: Mode, now: string): RouteRecord {
  return { ...record, rung, evidence: noEvidence(now), canary: null, proposed: null, modelDeny: 0 };
}

/** Of the requests that were let through, and those refused that were reviewed as benign: what else was refused tells nothing of it. */
function isHarmful(evidence: Evidence, rung: Mode, tally: Tally, { budget }: Ladder, operators: number): boolean {
  const counted = weightOf(
    [...tally.refused.values()].map(({ length }) => length),
    operators,
  );
  return counted >= REVIEWS_LEAST && isAbove(counted, judgedBy(rung, evidence) - evidence.here + counted, budget);
}
