import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import { env, InferenceSession } from "onnxruntime-web/wasm";
import type { FromWorker, ModelWorkerData, ToWorker } from "./model.ts";
import { runModel } from "./model-run.ts";
import { modelRows } from "./tokenizer.ts";

/** Until V8 has compiled the hot kernels: about 50 runs, but never longer than half a second. */
const WARM_UP_RUNS = 50;
const WARM_UP_MS = 500;

const { model, shape, windowsPerBatch } = workerData as ModelWorkerData;
const port = parentPort;
if (port === null) throw new Error("model-worker runs in a worker thread only");

const send = (message: FromWorker) => port.postMessage(message);

// Listened to before anything is awaited: without a live handle Node drains V8's compiler jobs between two awaits, and
// the first inference after the warm-up stands still for seconds. The other side sends nothing before `ready`.
port.on("message", async ({ id, rows }: ToWorker) => {
  try {
    send({ kind: "answer", id, answer: await runModel(session, shape, rows) });
  } catch (error) {
    send({ kind: "failed", id, message: (error as Error).message });
  }
});

env.logLevel = "error";
env.wasm.numThreads = 1;
env.wasm.wasmBinary = await readFile(fileURLToPath(new URL("./ort-wasm-simd-threaded.wasm", import.meta.url)));
const session = await InferenceSession.create(model, { executionProviders: ["wasm"] });

const started = performance.now();
for (let runs = 0; runs < WARM_UP_RUNS && performance.now() - started < WARM_UP_MS; runs += 1) {
  const nothing = Array(1 + (runs % windowsPerBatch)).fill({ bytes: new Uint8Array(0), edges: 0 });
  await runModel(session, shape, modelRows(nothing, shape));
}

send({ kind: "ready" });
