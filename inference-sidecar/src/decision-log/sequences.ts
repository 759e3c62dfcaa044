/** Remembered at most; the one silent for longest is forgotten first. */
const WORKERS_MOST = 1024;

interface Progress {
  /** The highest sequence written; 0: none. */
  readonly last: number;
  /** Records that the worker said it had dropped, since it started. */
  readonly lost: number;
}

/** How far each worker's records have come, so that none is written twice and none is missed silently. */
export class WorkerSequences {
  readonly #workers = new Map<string, Progress>();
  /** Those that live, as far as is known: nothing says of them yet with which record they have ended. */
  readonly living = new Set<string>();

  of(worker: string): Progress {
    return this.#workers.get(worker) ?? { last: 0, lost: 0 };
  }

  set(worker: string, progress: Progress): void {
    this.#workers.delete(worker);
    this.#workers.set(worker, progress);
    if (this.#workers.size <= WORKERS_MOST) return;
    for (const oldest of this.#workers.keys()) {
      this.#workers.delete(oldest);
      return;
    }
  }

  /** The one silent for longest first. */
  entries(): (readonly [worker: string, last: number, lost: number])[] {
    return [...this.#workers].map(([worker, { last, lost }]) => [worker, last, lost] as const);
  }
}

/** Sequences `first` to `last` of a worker that never came. */
interface Gap {
  readonly first: number;
  readonly last: number;
}

export interface Sorted<R> {
  readonly news: readonly R[];
  /** By the records that revealed them: each stands before its own. */
  readonly gaps: ReadonlyMap<R, Gap>;
  readonly duplicates: number;
  readonly missing: number;
  readonly last: number;
}

/** Sorts out what is new after sequence `last`, given records with ascending sequences. Pure. */
export function sortOut<R extends { sequence: number }>(records: readonly R[], last: number): Sorted<R> {
  const news: R[] = [];
  const gaps = new Map<R, Gap>();
  let duplicates = 0;
  let missing = 0;
  let reached = last;
  for (const record of records) {
    if (record.sequence <= reached) {
      duplicates += 1;
      continue;
    }
    if (record.sequence > reached + 1) {
      gaps.set(record, { first: reached + 1, last: record.sequence - 1 });
      missing += record.sequence - 1 - reached;
    }
    news.push(record);
    reached = record.sequence;
  }
  return { news, gaps, duplicates, missing, last: reached };
}
