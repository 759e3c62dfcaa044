import { type Bundle, loadBundle } from "../bundle.ts";
import type { Configuration } from "../config.ts";
import type { Metrics } from "../metrics.ts";
import { Model } from "../model.ts";
import { BatchQueue } from "../queue.ts";

export interface LoadedModelParts {
  readonly worker: URL;
  readonly limits: Configuration["limits"];
  readonly metrics: Metrics;
}

/** A bundle whose model runs in a worker of its own, behind a queue of its own. */
export class LoadedModel {
  readonly bundle: Bundle;
  /** Of the bundle, hexadecimal. */
  readonly digest: string;
  readonly queue: BatchQueue;
  /** When somebody last named it, by `performance.now()`. */
  namedAtMs = performance.now();
  readonly #model: Model;
  #warm: () => void = () => undefined;
  readonly #onceReady = new Promise<void>((resolve) => {
    this.#warm = resolve;
  });
  readonly #metrics: Metrics;

  private constructor(
    bundle: Bundle,
    { worker, limits, metrics }: LoadedModelParts,
    onReady: (ready: boolean) => void,
  ) {
    this.bundle = bundle;
    this.digest = bundle.digest.toString("hex");
    this.#metrics = metrics;
    this.#model = new Model({
      worker,
      bundle,
      windowsPerBatch: limits.windowsPerBatch,
      inferenceMs: limits.inferenceMs,
      onReady: (ready) => {
        if (ready) this.#warm();
        onReady(ready);
      },
    });
    this.queue = new BatchQueue(
      (windows) => this.#model.infer(windows),
      limits.windowsPerBatch,
      (windows) => metrics.batchWindows.observe(windows),
    );
    metrics.bundleInfo.set({ digest: this.digest }, 1);
  }

  /** Starts to load it; `onReady`: warm, or no longer. @throws StartError `bundle` */
  static async open(
    directory: string,
    parts: LoadedModelParts,
    onReady: (loaded: LoadedModel, ready: boolean) => void,
  ): Promise<LoadedModel> {
    const loaded: LoadedModel = new LoadedModel(await loadBundle(directory), parts, (ready) => onReady(loaded, ready));
    return loaded;
  }

  get ready(): boolean {
    return this.#model.ready;
  }

  /** Waits until it has been warm once. */
  async isReadyWithin(millis: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, millis);
    });
    await Promise.race([this.#onceReady, late]);
    clearTimeout(timer);
    return this.ready;
  }

  async close(): Promise<void> {
    this.#metrics.bundleInfo.remove({ digest: this.digest });
    await this.#model.close();
  }
}
