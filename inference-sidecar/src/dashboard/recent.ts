import type { LogRecord } from "../decision-log/record.ts";
import { explain } from "./explain.ts";

/** What the page is told of a decision. */
interface ShownDecision {
  readonly record: LogRecord;
  /** Why it was made, a sentence a check. */
  readonly why: readonly string[];
}

interface Counts {
  readonly total: number;
  readonly byEffect: Readonly<Record<string, number>>;
  readonly byReason: Readonly<Record<string, number>>;
}

/** One message to the page: the counts, and the decisions since the last one, oldest first. */
export interface Update {
  readonly counts: Counts;
  readonly decisions: readonly ShownDecision[];
}

const DECISIONS_MOST = 500;
/** Reasons are a closed set of the filter; this bounds what a faulty one could send. */
const REASONS_MOST = 100;
const OTHER = "other";

/** The last decisions since the sidecar's start, in bounded memory. */
export class RecentDecisions {
  readonly #records: LogRecord[] = [];
  readonly #byEffect = new Map<string, number>();
  readonly #byReason = new Map<string, number>();
  #total = 0;

  /** Decisions so far; a mark for `since`. */
  get total(): number {
    return this.#total;
  }

  add(records: readonly LogRecord[]): void {
    for (const record of records) {
      this.#records.push(record);
      count(this.#byEffect, record.effect);
      count(this.#byReason, record.reason);
    }
    this.#total += records.length;
    if (this.#records.length > DECISIONS_MOST) this.#records.splice(0, this.#records.length - DECISIONS_MOST);
  }

  /** What came after the first `mark` decisions, as far as it is remembered. */
  since(mark: number): Update {
    const news = Math.min(this.#total - mark, this.#records.length);
    const records = news > 0 ? this.#records.slice(-news) : [];
    return {
      counts: {
        total: this.#total,
        byEffect: Object.fromEntries(this.#byEffect),
        byReason: Object.fromEntries(this.#byReason),
      },
      decisions: records.map((record) => ({ record, why: explain(record) })),
    };
  }
}

function count(counts: Map<string, number>, name: string): void {
  const key = counts.has(name) || counts.size < REASONS_MOST ? name : OTHER;
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
