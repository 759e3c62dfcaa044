import type { ModelAnswer } from "./model-run.ts";
import { ServiceError } from "./service-error.ts";
import type { Window } from "./tokenizer.ts";

export type Infer = (windows: readonly Window[]) => Promise<ModelAnswer>;

export interface Waiting {
  readonly signal: AbortSignal;
  /** Unix milliseconds; Infinity: none. */
  readonly deadline: number;
}

/** The rows of this call's windows. */
export interface Inferred extends ModelAnswer {
  readonly queueMs: number;
  readonly inferMs: number;
}

interface Entry extends Waiting {
  readonly windows: readonly Window[];
  readonly queuedAt: number;
  readonly settle: (inferred: Inferred) => void;
  readonly fail: (error: ServiceError) => void;
}

/**
 * Greedy batches in order of arrival: an idle model never waits for more, a busy one gets all that came meanwhile, up to
 * `windowsPerBatch`. Calls whose client is gone or whose deadline has passed are dropped when a batch is formed.
 */
export class BatchQueue {
  readonly #infer: Infer;
  readonly #windowsPerBatch: number;
  readonly #onBatch: (windows: number) => void;
  readonly #entries: Entry[] = [];
  #busy = false;

  constructor(infer: Infer, windowsPerBatch: number, onBatch: (windows: number) => void) {
    this.#infer = infer;
    this.#windowsPerBatch = windowsPerBatch;
    this.#onBatch = onBatch;
  }

  get length(): number {
    return this.#entries.length;
  }

  /** @throws ServiceError `deadline_exceeded` or `cancelled` in the queue, else what the model threw */
  submit(windows: readonly Window[], { signal, deadline }: Waiting): Promise<Inferred> {
    return new Promise((settle, fail) => {
      this.#entries.push({ windows, signal, deadline, queuedAt: performance.now(), settle, fail });
      if (!this.#busy) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    for (let batch = this.#form(); batch.length > 0; batch = this.#form()) await this.#run(batch);
    this.#busy = false;
  }

  #form(): Entry[] {
    const batch: Entry[] = [];
    let windows = 0;
    for (let entry = this.#entries[0]; entry !== undefined; entry = this.#entries[0]) {
      const gone = goneError(entry);
      if (gone === null && windows > 0 && windows + entry.windows.length > this.#windowsPerBatch) break;
      this.#entries.shift();
      if (gone !== null) {
        entry.fail(gone);
        continue;
      }
      batch.push(entry);
      windows += entry.windows.length;
    }
    return batch;
  }

  async #run(batch: readonly Entry[]): Promise<void> {
    const windows = batch.flatMap((entry) => entry.windows);
    this.#onBatch(windows.length);
    const started = performance.now();
    try {
      const { probabilities, surprisal } = await this.#infer(windows);
      const inferMs = performance.now() - started;
      const rows = (all: Float32Array, from: number, to: number): Float32Array => {
        const columns = all.length / windows.length;
        return all.subarray(from * columns, to * columns);
      };
      let row = 0;
      for (const { settle, queuedAt, windows: own } of batch) {
        const next = row + own.length;
        settle({
          probabilities: rows(probabilities, row, next),
          surprisal: surprisal && rows(surprisal, row, next),
          queueMs: started - queuedAt,
          inferMs,
        });
        row = next;
      }
    } catch (error) {
      for (const { fail } of batch) fail(ServiceError.from(error));
    }
  }
}

function goneError({ signal, deadline }: Waiting): ServiceError | null {
  if (Date.now() >= deadline) return new ServiceError("deadline_exceeded", "the deadline passed in the queue");
  return signal.aborted ? ServiceError.from(signal.reason) : null;
}
