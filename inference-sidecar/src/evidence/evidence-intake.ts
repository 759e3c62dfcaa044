import type { Metrics } from "../metrics.ts";
import type { Models } from "../models/models.ts";
import type { Window } from "../tokenizer.ts";
import type { EvidenceStore } from "./evidence-store.ts";
import type { IdleScorer } from "./idle-scorer.ts";
import { type Asker, encodeKept, type WireEvidence } from "./kept-evidence.ts";

export interface EvidenceIntakeParts {
  readonly store: EvidenceStore;
  readonly idle: IdleScorer;
  readonly models: Models;
  /** Bytes of a window at most. */
  readonly windowBytes: number;
  readonly metrics: Metrics;
}

/** Evidence as it comes with records: kept, and left to the idle scorer. Never in the way of the log. */
export class EvidenceIntake {
  readonly #parts: EvidenceIntakeParts;

  constructor(parts: EvidenceIntakeParts) {
    this.#parts = parts;
  }

  /**
   * @param asker what the record says of who asked
   * @param bundle that the filter had
   * @returns the name under which it is kept; null: nothing is, or it could not be
   */
  async take(evidence: WireEvidence | null, asker: Asker | null, bundle: string): Promise<string | null> {
    if (evidence === null || asker === null) return null;
    const { store, idle, models, windowBytes, metrics } = this.#parts;
    const { sample } = evidence;
    const window = windowOf(evidence);
    const { length } = window.bytes;
    const scorable = bundle === models.inForce.digest && length > 0 && length <= windowBytes;
    if (sample && scorable) idle.sample(window);
    const kept = encodeKept(evidence, asker, windowBytes);
    if (kept === null) return null;
    try {
      const digest = await store.put(kept);
      metrics.evidenceKept.inc();
      if (!sample && scorable) idle.explain(digest, window);
      return digest;
    } catch {
      metrics.evidenceErrors.inc();
      return null;
    }
  }
}

function windowOf({ window: bytes, edges, kind }: WireEvidence): Window {
  return kind === 0 ? { bytes, edges } : { bytes, edges, kind: kind - 1 };
}
