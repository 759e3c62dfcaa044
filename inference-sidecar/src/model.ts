import { Worker } from "node:worker_threads";
import type { Bundle, ModelShape } from "./bundle.ts";
import type { ModelAnswer } from "./model-run.ts";
import { logEvent } from "./process-log.ts";
import { ServiceError } from "./service-error.ts";
import { type ModelRows, modelRows, type Window } from "./tokenizer.ts";
import "./wasm-tiers.ts";

export interface ModelWorkerData {
  readonly model: Uint8Array;
  readonly shape: ModelShape;
  readonly windowsPerBatch: number;
}

export interface ToWorker {
  readonly id: number;
  readonly rows: ModelRows;
}

export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "answer"; readonly id: number; readonly answer: ModelAnswer }
  | { readonly kind: "failed"; readonly id: number; readonly message: string };

export interface ModelOptions {
  readonly worker: URL;
  readonly bundle: Bundle;
  readonly windowsPerBatch: number;
  /** A run that takes longer ends the worker. */
  readonly inferenceMs: number;
  /** Loaded and warmed, or no longer. */
  readonly onReady: (ready: boolean) => void;
}

interface Pending {
  readonly settle: (answer: ModelAnswer) => void;
  readonly fail: (error: ServiceError) => void;
  readonly timer: NodeJS.Timeout;
}

const RESTART_FIRST_MS = 100;
const RESTART_LAST_MS = 10_000;

/** The model in a worker thread. A worker that dies is started anew; the calls it had get `unavailable`. */
export class Model {
  readonly #options: ModelOptions;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | null = null;
  #ready = false;
  #closed = false;
  #nextId = 0;
  #restartMs = RESTART_FIRST_MS;
  #restart: NodeJS.Timeout | undefined;

  constructor(options: ModelOptions) {
    this.#options = options;
    this.#start();
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** @throws ServiceError `unavailable`: not loaded, died or hung; `internal`: the run failed */
  infer(windows: readonly Window[]): Promise<ModelAnswer> {
    const worker = this.#worker;
    if (worker === null || !this.#ready)
      return Promise.reject(new ServiceError("unavailable", "the model is not ready"));
    const { bundle, inferenceMs } = this.#options;
    const rows = modelRows(windows, bundle);
    const id = this.#nextId++;
    return new Promise((settle, fail) => {
      const timer = setTimeout(() => void worker.terminate(), inferenceMs);
      this.#pending.set(id, { settle, fail, timer });
      worker.postMessage({ id, rows } satisfies ToWorker, [rows.tokens.buffer]);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restart);
    await this.#worker?.terminate();
  }

  #start(): void {
    const { worker: url, bundle, windowsPerBatch } = this.#options;
    const { model, digest: _, thresholds: __, ...shape } = bundle;
    const workerData: ModelWorkerData = { model, shape, windowsPerBatch };
    const worker = new Worker(url, { workerData, env: {}, execArgv: [] });
    this.#worker = worker;
    worker.on("message", (message: FromWorker) => this.#receive(message));
    worker.on("error", (error) => logEvent("error", "model_worker_error", { message: error.message }));
    worker.on("exit", () => this.#exited());
  }

  #receive(message: FromWorker): void {
    if (message.kind === "ready") {
      this.#restartMs = RESTART_FIRST_MS;
      this.#setReady(true);
      return;
    }
    const pending = this.#pending.get(message.id);
    if (pending === undefined) return;
    this.#pending.delete(message.id);
    clearTimeout(pending.timer);
    if (message.kind === "failed") {
      pending.fail(new ServiceError("internal", "the model failed", { cause: message.message }));
    } else {
      pending.settle(message.answer);
    }
  }

  #exited(): void {
    this.#worker = null;
    this.#setReady(false);
    for (const { fail, timer } of this.#pending.values()) {
      clearTimeout(timer);
      fail(new ServiceError("unavailable", "the model's worker ended"));
    }
    this.#pending.clear();
    if (this.#closed) return;
    logEvent("error", "model_worker_ended", { restartMs: this.#restartMs });
    this.#restart = setTimeout(() => this.#start(), this.#restartMs);
    this.#restartMs = Math.min(this.#restartMs * 2, RESTART_LAST_MS);
  }

  #setReady(ready: boolean): void {
    if (this.#ready === ready) return;
    this.#ready = ready;
    this.#options.onReady(ready);
  }
}
