import type { CompletionLine, LogRecord } from "../decision-log/record.ts";
import type { RecordLine } from "../decision-log/record-line.ts";
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

/** One message to the page: the counts, and what is new since the last one, oldest first; a known id takes the old one's place. */
export interface Update {
  readonly counts: Counts;
  readonly decisions: readonly ShownDecision[];
  /** What is wrong with the gate itself; empty: nothing is known to be. */
  readonly alert: string;
}

/** As they came: read when they are shown. */
interface Remembered {
  readonly decision: RecordLine;
  readonly completion: RecordLine | null;
}

const DECISIONS_MOST = 500;
/** Reasons are a closed set of the filter; this bounds what a faulty one could send. */
const REASONS_MOST = 100;
const OTHER = "other";

/** The last decisions since the sidecar's start, in bounded memory. */
export class RecentDecisions {
  /** By id, oldest news first. */
  readonly #records = new Map<string, Remembered>();
  readonly #byEffect = new Map<string, number>();
  readonly #byReason = new Map<string, number>();
  #total = 0;
  #alert = "";
  #news = 0;

  /** Decisions and completions so far; a mark for `since`. */
  get mark(): number {
    return this.#news;
  }

  add(lines: readonly RecordLine[]): void {
    for (const line of lines) {
      const { id, decided } = line;
      if (decided === null) {
        const known = this.#records.get(id);
        if (known !== undefined) this.#remember(id, { ...known, completion: line });
        continue;
      }
      this.#remember(id, { decision: line, completion: null });
      this.#total += 1;
      count(this.#byEffect, decided.effect);
      count(this.#byReason, decided.reason);
    }
  }

  /** Shown above all else; empty: nothing is wrong. */
  warn(alert: string): void {
    if (alert === this.#alert) return;
    this.#alert = alert;
    // A mark that moves makes a message, which then tells the last decision again.
    this.#news += 1;
  }

  /** What came after `mark`, as far as it is remembered. */
  since(mark: number): Update {
    const news = Math.min(this.#news - mark, this.#records.size);
    const records = news > 0 ? [...this.#records.values()].slice(-news).map(read) : [];
    return {
      counts: {
        total: this.#total,
        byEffect: Object.fromEntries(this.#byEffect),
        byReason: Object.fromEntries(this.#byReason),
      },
      decisions: records.map((record) => ({ record, why: explain(record) })),
      alert: this.#alert,
    };
  }

  #remember(id: string, one: Remembered): void {
    this.#records.delete(id);
    this.#records.set(id, one);
    this.#news += 1;
    if (this.#records.size <= DECISIONS_MOST) return;
    for (const oldest of this.#records.keys()) {
      this.#records.delete(oldest);
      return;
    }
  }
}

function read({ decision, completion }: Remembered): LogRecord {
  const record = decision.read() as LogRecord;
  return completion === null ? record : { ...record, response: (completion.read() as CompletionLine).response };
}

function count(counts: Map<string, number>, name: string): void {
  const key = counts.has(name) || counts.size < REASONS_MOST ? name : OTHER;
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
