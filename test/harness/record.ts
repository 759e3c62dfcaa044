import type { LogRecord } from "../../inference-sidecar/src/decision-log/record.ts";
import { findDecision } from "../../scripts/decision-log/find-decision.ts";

/** The decision's record in the log of a state folder, with its completion as far as that is there; null: there is none. */
export async function findRecord(state: string, id: string): Promise<LogRecord | null> {
  return (await findDecision(state, id))?.decision ?? null;
}
