import type { WireRecord } from "../decision-log/wire-record.ts";
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

/** What is to be kept of a record. */
interface Kept {
  readonly record: WireRecord;
  readonly bytes: Buffer;
  /** The bytes say what carried the score. */
  readonly isExplained: boolean;
  /** Whose bytes carried the score is to be found out; null: of none. */
  readonly unexplained: Window | null;
}

/** Evidence as it comes with records: kept, and left to the idle scorer. Never in the way of the log. */
export class EvidenceIntake {
  readonly #parts: EvidenceIntakeParts;

  constructor(parts: EvidenceIntakeParts) {
    this.#parts = parts;
  }

  /**
   * @param bundle that the filter had
   * @returns the names under which it is kept, of the records of which something is
   */
  async take(records: readonly WireRecord[], bundle: string): Promise<ReadonlyMap<WireRecord, string>> {
    const { store, idle, metrics } = this.#parts;
    const kept: Kept[] = [];
    for (const record of records) {
      const { evidence, decision } = record;
      const one = evidence && decision && this.#keptOf(record, evidence, decision, bundle);
      if (one !== null) kept.push(one);
    }
    const found = new Map<WireRecord, string>();
    if (kept.length === 0) return found;
    const names = await store.put(kept.map(({ bytes }) => bytes));
    let explained = 0;
    for (const [index, { record, isExplained, unexplained }] of kept.entries()) {
      const name = names[index] ?? null;
      if (name === null) continue;
      found.set(record, name);
      if (isExplained) explained += 1;
      if (unexplained !== null) idle.explain(name, unexplained);
    }
    metrics.evidenceKept.inc(found.size);
    metrics.evidenceErrors.inc(kept.length - found.size);
    metrics.explanations.inc(explained);
    return found;
  }

  /** @param asker what the record says of who asked */
  #keptOf(record: WireRecord, evidence: WireEvidence, asker: Asker, bundle: string): Kept | null {
    const { idle, models, windowBytes } = this.#parts;
    const window = windowOf(evidence);
    const { length } = window.bytes;
    const scorable = bundle === models.inForce.digest && length > 0 && length <= windowBytes;
    if (evidence.sample && scorable) idle.sample(window);
    const denied = scorable && !evidence.sample;
    const explanation = denied ? idle.explanationOf(window) : null;
    const bytes = encodeKept(evidence, asker, windowBytes, explanation);
    const isExplained = explanation !== null;
    return bytes && { record, bytes, isExplained, unexplained: denied && !isExplained ? window : null };
  }
}

function windowOf({ window: bytes, edges, kind }: WireEvidence): Window {
  return kind === 0 ? { bytes, edges } : { bytes, edges, kind: kind - 1 };
}
