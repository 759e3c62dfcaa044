import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import type { FromWorker, ModelWorkerData, ToWorker } from "./model.ts";

/** Until V8 has compiled the hot kernels: about 50 runs, but never longer than half a second. */
const WARM_UP_RUNS = 50;
const WARM_UP_MS = 500;

const { model, input, outputName, windowsPerBatch } = workerData as ModelWorkerData;
const port = parentPort;
if (port === null) throw new Error("model-worker runs in a worker thread only");

const send = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

// Listened to before anything is awaited: without a live handle Node drains V8's compiler jobs between two awaits, and
// the first inference after the warm-up stands still for seconds. The other side sends nothing before `ready`.
port.on("message", async ({ id, tokens, rows }: ToWorker) => {
  try {
    const probabilities = await run(tokens, rows);
    send({ kind: "probabilities", id, probabilities }, [probabilities.buffer]);
  } catch (error) {
    send({ kind: "failed", id, message: (error as Error).message });
  }
});

env.logLevel = "error";
env.wasm.numThreads = 1;
env.wasm.wasmBinary = await readFile(fileURLToPath(new URL("./ort-wasm-simd-threaded.wasm", import.meta.url)));
const session = await InferenceSession.create(model, { executionProviders: ["wasm"] });

async function run(tokens: Int32Array | Uint8Array, rows: number): Promise<Float32Array<ArrayBuffer>> {
  const tensor = new Tensor(input.type, tokens as never, [rows, input.length]);
  const output = (await session.run({ [input.name]: tensor }))[outputName];
  if (!(output?.data instanceof Float32Array)) throw new Error(`the model gave no float32 output ${outputName}`);
  return new Float32Array(output.data);
}

const started = performance.now();
for (let runs = 0; runs < WARM_UP_RUNS && performance.now() - started < WARM_UP_MS; runs += 1) {
  const rows = 1 + (runs % windowsPerBatch);
  const size = rows * input.length;
  await run((input.type === "uint8" ? new Uint8Array(size) : new Int32Array(size)).fill(input.padding), rows);
}

send({ kind: "ready" });
