import { noEvidence } from "./evidence.ts";
import type { RouteRecord } from "./route-record.ts";

/** What a route's requests are judged by. */
export type Judge = Pick<RouteRecord, "bundle" | "rules">;

/**
 * The record of a route whose requests are judged by this bundle and these rules. Where others did it, the route stays on its
 * rung, its evidence begins anew, and neither a proposal nor a refitted threshold outlasts what they came of.
 */
export function judgedAnew(record: RouteRecord, judge: Judge, now: string): RouteRecord {
  const isSame = (["bundle", "rules"] as const).every((by) => (record[by] ?? judge[by]) === judge[by]);
  if (isSame) return record.bundle === judge.bundle && record.rules === judge.rules ? record : { ...record, ...judge };
  const canary = record.canary && { ...record.canary, evidence: noEvidence(now) };
  return { ...record, ...judge, evidence: noEvidence(now), canary, proposed: null, modelDeny: 0 };
}
