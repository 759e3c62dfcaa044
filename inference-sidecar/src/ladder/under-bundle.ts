import { noEvidence } from "./evidence.ts";
import type { RouteRecord } from "./route-record.ts";

/**
 * The record of a route that the bundle of this digest judges. Where another one did, the route stays on its rung, its
 * evidence begins anew, and neither a proposal nor a refitted threshold outlasts the model that they came of.
 */
export function underBundle(record: RouteRecord, bundle: string, now: string): RouteRecord {
  if (record.bundle === bundle) return record;
  if (record.bundle === undefined) return { ...record, bundle };
  const canary = record.canary && { ...record.canary, evidence: noEvidence(now) };
  return { ...record, bundle, evidence: noEvidence(now), canary, proposed: null, modelDeny: 0 };
}
