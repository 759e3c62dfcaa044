import { foundIn } from "../decision-log/record.ts";
import type { Decided } from "../decision-log/record-line.ts";
import type { Mode } from "../policy/policy.ts";

/** What a finding is about: refused by the very rung on which the request stood, or only by the next one. */
export type FindingKind = "here" | "above";

/** What a route has shown since it came to where it stands. */
export interface Evidence {
  /** ISO 8601. */
  readonly since: string;
  /** Decisions. */
  requests: number;
  /** Those of them that hygiene, identity and privilege let in: the score was for them. */
  admitted: number;
  /** Refused by this rung's own checks, those of lower ones left out. */
  here: number;
  /** What the next rung would have refused; on `prevent` what it refuses itself, since `adapt` makes the same checks. */
  above: number;
  /** Dates (UTC) with a decision: how many, and the last one. */
  days: number;
  lastDay: string;
}

/** Reasons that deny from `prevent` up; all others deny from `detect` up. `docs/reasons.md` lists both. */
export const FROM_PREVENT: ReadonlySet<string> = new Set([
  "request_incomplete",
  "body_too_large",
  "body_encoding",
  "upgrade_unscored",
  "inspection_budget",
  "score_unavailable",
  "attack_scored",
  "attack_screened",
  "score_step_up",
]);

export function noEvidence(since: string): Evidence {
  return { since, requests: 0, admitted: 0, here: 0, above: 0, days: 0, lastDay: "" };
}

/** What a decision says of the rung on which it was made; empty: neither this rung nor the next has refused it. */
export function findingOf(decided: Decided): FindingKind[] {
  const { rung, effect } = decided;
  const finding = foundIn(decided);
  if (finding === null || finding === "permitted") return [];
  const fromPrevent = FROM_PREVENT.has(finding);
  if (effect === "deny") {
    if (rung === "detect") return fromPrevent ? [] : ["here"];
    if (!fromPrevent) return [];
    return rung === "prevent" ? ["here", "above"] : ["here"];
  }
  return (rung === "observe") === !fromPrevent ? ["above"] : [];
}

/** Adds one decision. */
export function addEvidence(evidence: Evidence, record: Decided): void {
  const day = record.time.slice(0, 10);
  // Workers report in turn: around midnight a record of the day before may still come.
  if (day > evidence.lastDay) {
    evidence.lastDay = day;
    evidence.days += 1;
  }
  evidence.requests += 1;
  if (record.effect === "permit" || FROM_PREVENT.has(record.reason)) evidence.admitted += 1;
  for (const kind of findingOf(record)) evidence[kind] += 1;
}

/** How many requests a statement on a rung's checks is about. */
export function judgedBy(rung: Mode, evidence: Evidence): number {
  return rung === "observe" || rung === "detect" ? evidence.requests : evidence.admitted;
}
