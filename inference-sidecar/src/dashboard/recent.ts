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

/**
 * What came at once, as it stands in the log, out of the collector's sight: as objects, these would outlive its young
 * generation, and that cost more than all else that is done with a record.
 */
interface Batch {
  /** From the beginning of a memory of their own. */
  readonly lines: Buffer;
  /** Decisions and completions among them, probes aside. */
  readonly news: number;
}

const DECISIONS_MOST = 500;
/** Reasons are a closed set of the filter; this bounds what a faulty one could send. */
const REASONS_MOST = 100;
const OTHER = "other";
const COMPLETION = '{"completes":';
/** Before the id of a decision: nothing of a request stands in front of it. */
const ID = ',"id":"';
const ID_DIGITS = 32;
/** Of the memory of a batch, since the next ones are about as long. */
const SPARE = 1.25;
const NOTHING = Buffer.from(new ArrayBuffer(0));

/** The last decisions since the sidecar's start, in bounded memory. */
export class RecentDecisions {
  readonly #batches: Batch[] = [];
  /** In all batches. */
  #kept = 0;
  readonly #byEffect = new Map<string, number>();
  readonly #byReason = new Map<string, number>();
  #total = 0;
  #alert = "";
  #news = 0;

  /** Decisions and completions so far; a mark for `since`. */
  get mark(): number {
    return this.#news;
  }

  /** @param written the lines as they stand in the log, others among them; they are copied */
  add(lines: readonly RecordLine[], written: Buffer): void {
    if (lines.length === 0) return;
    this.#news += lines.length;
    this.#kept += lines.length;
    let forgotten: Buffer = NOTHING;
    for (let [oldest] = this.#batches; oldest && this.#kept - oldest.news >= DECISIONS_MOST; [oldest] = this.#batches) {
      this.#batches.shift();
      this.#kept -= oldest.news;
      forgotten = oldest.lines;
    }
    this.#batches.push({ lines: copyOf(written, forgotten), news: lines.length });
    for (const { decided } of lines) {
      if (decided === null) continue;
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
    const news = Math.min(this.#news - mark, DECISIONS_MOST, this.#kept);
    const records = news > 0 ? this.#read(news) : [];
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

  /** The decisions that the last `news` lines are of, as far as they are remembered: each in the place of its newest line. */
  #read(news: number): LogRecord[] {
    const lines = this.#batches.flatMap((batch) => batch.lines.toString().split("\n").filter(isShown));
    const records = new Map<string, LogRecord>();
    let decisions: ReadonlyMap<string, string> | null = null;
    const decisionOf = (id: string): LogRecord | undefined => {
      decisions ??= byId(lines);
      const line = decisions.get(id);
      return line === undefined ? undefined : JSON.parse(line);
    };
    for (const line of lines.slice(-news)) {
      const read = JSON.parse(line) as LogRecord | CompletionLine;
      const id = "completes" in read ? read.completes : read.id;
      const record = "completes" in read ? (records.get(id) ?? decisionOf(id)) : read;
      records.delete(id);
      if (record !== undefined) records.set(id, { ...record, response: read.response });
    }
    return [...records.values()];
  }
}

/** Uses the memory of what is forgotten, where it is enough: V8 counts new memory as its heap's, and soon collects all of that. */
function copyOf(lines: Buffer, forgotten: Buffer): Buffer {
  const { length } = lines;
  const { buffer } = forgotten;
  const memory = buffer.byteLength < length ? new ArrayBuffer(Math.ceil(length * SPARE)) : buffer;
  const copy = Buffer.from(memory, 0, length);
  lines.copy(copy);
  return copy;
}

/** A decision or a completion, by the first member of its canonical JSON, and no probe of the self-test. */
function isShown(line: string): boolean {
  return (line.startsWith('{"bundle":') && !line.includes(',"selfTest":true,')) || line.startsWith(COMPLETION);
}

/** The lines of decisions: to look through all of them for each completion would keep the process from answering. */
function byId(lines: readonly string[]): Map<string, string> {
  const decisions = lines.filter((line) => !line.startsWith(COMPLETION));
  return new Map(
    decisions.map((line) => {
      const start = line.indexOf(ID) + ID.length;
      return [line.slice(start, start + ID_DIGITS), line];
    }),
  );
}

function count(counts: Map<string, number>, name: string): void {
  const key = counts.has(name) || counts.size < REASONS_MOST ? name : OTHER;
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
