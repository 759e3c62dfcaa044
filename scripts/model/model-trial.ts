import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { type AttackScore, attackScores } from "../../inference-sidecar/src/attack-score.ts";
import type { Bundle } from "../../inference-sidecar/src/bundle.ts";
import type { FromWorker, ModelWorkerData, ToWorker } from "../../inference-sidecar/src/model.ts";
import type { ModelAnswer } from "../../inference-sidecar/src/model-run.ts";
import { type ModelRows, modelRows, type Window } from "../../inference-sidecar/src/tokenizer.ts";
import { buildSidecar } from "../build/sidecar.ts";

/** What a model may take. */
interface TrialLimits {
  /** Until it is loaded and warm. */
  readonly readyMs: number;
  /** Then for its answer. */
  readonly answerMs: number;
  readonly memoryBytes: number;
}

/** A sidecar waits no longer, and in its container has 272 MiB in all. */
const LIMITS: TrialLimits = { readyMs: 30_000, answerMs: 5_000, memoryBytes: 256 * 1024 * 1024 };
const METER_PERIOD_MS = 20;

/**
 * Asks a bundle's model once about all these windows, in the sidecar's own worker, which ends with the answer.
 * @throws Error it can't be loaded, fails, or goes over the limits
 */
export async function tryModel(bundle: Bundle, windows: readonly Window[], limits = LIMITS): Promise<AttackScore[]> {
  const { model, digest: _, thresholds: __, ...shape } = bundle;
  const workerData: ModelWorkerData = { model, shape, windowsPerBatch: windows.length };
  const script = join(dirname(await buildSidecar()), "model-worker.mjs");
  const worker = new Worker(pathToFileURL(script), { workerData, env: {}, execArgv: [] });
  try {
    return attackScores(await answerOf(worker, modelRows(windows, bundle), limits));
  } finally {
    await worker.terminate();
  }
}

function answerOf(worker: Worker, rows: ModelRows, limits: TrialLimits): Promise<ModelAnswer> {
  const before = process.memoryUsage.rss();
  let timer: NodeJS.Timeout | undefined;
  let meter: NodeJS.Timeout | undefined;
  const answer = new Promise<ModelAnswer>((settle, refuse) => {
    const fail = (why: string) => refuse(new Error(why));
    const within = (millis: number, what: string) => {
      clearTimeout(timer);
      timer = setTimeout(() => fail(`its model ${what} within ${millis / 1000} s`), millis);
    };
    within(limits.readyMs, "was not loaded and warm");
    meter = setInterval(() => {
      if (process.memoryUsage.rss() - before < limits.memoryBytes) return;
      fail(`its model takes more than ${limits.memoryBytes / 1024 / 1024} MiB of memory`);
    }, METER_PERIOD_MS);
    worker.on("error", refuse);
    worker.on("exit", () => fail("its model ended the thread that it ran in"));
    worker.on("message", (message: FromWorker) => {
      if (message.kind === "answer") settle(message.answer);
      else if (message.kind === "failed") fail(message.message);
      else {
        within(limits.answerMs, `did not answer for ${rows.count} windows`);
        worker.postMessage({ id: 0, rows } satisfies ToWorker);
      }
    });
  });
  return answer.finally(() => {
    clearTimeout(timer);
    clearInterval(meter);
  });
}
