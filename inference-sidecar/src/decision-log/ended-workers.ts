import { logEvent } from "../process-log.ts";
import type { SealedLog } from "./sealed-log.ts";
import type { WorkerSequences } from "./sequences.ts";

/** A worker asks for the synced state about once a second: silent for so long, its Envoy or its VM has ended. */
const SILENT_MS = 5_000;
const LOOK_MS = 1_000;

/**
 * Says in the log which workers have ended, and with which record: what a worker had not handed over yet has ended with it,
 * and no later sequence of its own can show that it is missing.
 */
export class EndedWorkers {
  readonly #log: Pick<SealedLog, "append">;
  readonly #sequences: WorkerSequences;
  readonly #heardMs = new Map<string, number>();
  #timer: NodeJS.Timeout | null = null;
  #lookedMs = 0;

  constructor(log: Pick<SealedLog, "append">, sequences: WorkerSequences) {
    this.#log = log;
    this.#sequences = sequences;
  }

  /** From here on workers can be heard. Those that lived when the run before this one ended may have ended with it. */
  watch(): void {
    for (const worker of this.#sequences.living) this.heard(worker);
    this.#lookedMs = performance.now();
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
  }

  heard(worker: string): void {
    this.#heardMs.set(worker, performance.now());
    this.#sequences.living.add(worker);
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const now = performance.now();
    // Who was stopped itself has heard nobody meanwhile.
    const wasAway = now - this.#lookedMs > SILENT_MS - LOOK_MS;
    this.#lookedMs = now;
    for (const [worker, heardMs] of this.#heardMs) {
      if (wasAway) this.#heardMs.set(worker, now);
      else if (now - heardMs > SILENT_MS) await this.#end(worker);
    }
  }

  async #end(worker: string): Promise<void> {
    this.#heardMs.delete(worker);
    const { living } = this.#sequences;
    const { last } = this.#sequences.of(worker);
    if (last === 0) {
      living.delete(worker);
      return;
    }
    const line = { v: 1, time: new Date().toISOString(), ended: { worker, last } };
    try {
      await this.#log.append([line], () => living.delete(worker));
    } catch (error) {
      logEvent("error", "worker_end_not_logged", { message: (error as Error).message });
      // It is tried again after the same silence.
      this.heard(worker);
    }
  }
}
