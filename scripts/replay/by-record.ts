import { foundIn, type LogRecord } from "../../inference-sidecar/src/decision-log/record.ts";
import { FROM_PREVENT } from "../../inference-sidecar/src/ladder/evidence.ts";
import type { Configuration } from "../../inference-sidecar/src/maturity/configuration.ts";

/** Denied on every rung. */
const FRAMING = ["path_malformed"];
const RUNGS = ["observe", "detect", "prevent", "adapt"];

export interface Decided {
  readonly effect: string;
  readonly reason: string;
}

/**
 * The decision of another policy, from the record alone: where it asks the same of the same requests, what was found is the
 * same, and only the rung decides what becomes of it. null: it asks something else.
 * @param moved the rung on which the ladder had the route; null: the policy's
 */
export function decideByRecord(
  record: LogRecord,
  before: Configuration | null,
  after: Configuration,
  moved: string | null,
): Decided | null {
  if (before === null || before.matches !== after.matches) return null;
  const then = before.routes.find(({ name }) => name === record.route);
  const now = after.routes.find(({ name }) => name === record.route);
  if (record.route !== "" && (then === undefined || then.rules !== now?.rules)) return null;
  const found = foundIn(record) ?? "";
  if (found === "") return { effect: "permit", reason: "permitted" };
  const rung = RUNGS.indexOf(moved ?? now?.rung ?? after.mode);
  return rung >= RUNGS.indexOf(enforcedFrom(found))
    ? { effect: "deny", reason: found }
    : { effect: "permit", reason: "permitted" };
}

/** The lowest rung on which a reason denies: `docs/reasons.md` has it, too, and a test holds the two together. */
export function enforcedFrom(reason: string): string {
  if (FRAMING.includes(reason)) return "observe";
  return FROM_PREVENT.has(reason) ? "prevent" : "detect";
}
