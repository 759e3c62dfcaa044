import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { Model } from "../../inference-sidecar/src/model.ts";
import { until } from "./harness.ts";

/** A worker that dies on windows that begin with 1, hangs on 2 and reports a failure on 4. */
const WORKER = `
import { parentPort } from "node:worker_threads";
parentPort.on("message", ({ id, rows: { count, tokens } }) => {
  if (tokens[0] === 1) process.exit(1);
  if (tokens[0] === 2) for (;;);
  if (tokens[0] === 4) return parentPort.postMessage({ kind: "failed", id, message: "secret detail" });
  parentPort.postMessage({ kind: "answer", id, answer: { probabilities: new Float32Array(count * 14), surprisal: null } });
});
parentPort.postMessage({ kind: "ready" });
`;

async function modelWith(t: TestContext): Promise<{ model: Model; changes: boolean[] }> {
  const folder = await mkdtemp(join(tmpdir(), "postern-model-"));
  const path = join(folder, "worker.mjs");
  await writeFile(path, WORKER);
  const changes: boolean[] = [];
  const input = { name: "bytes", type: "int32", length: 4, padding: 256 } as const;
  const thresholds = { clearBelow: 0, denyAlone: 1, modelDeny: 1 };
  const bundle = { digest: Buffer.alloc(32), model: new Uint8Array(1), input, outputName: "probabilities", thresholds };
  const options = { worker: pathToFileURL(path), bundle, windowsPerBatch: 16, inferenceMs: 500 };
  const model = new Model({ ...options, onReady: (ready) => changes.push(ready) });
  t.after(async () => {
    await model.close();
    await rm(folder, { recursive: true });
  });
  await until("ready", () => model.ready);
  return { model, changes };
}

const window = (byte: number) => [{ bytes: Uint8Array.of(byte), edges: 0 }];

test("a worker that dies fails its calls as unavailable, and a new one takes its place", async (t) => {
  const { model, changes } = await modelWith(t);
  await assert.rejects(model.infer(window(1)), { code: "unavailable" });
  assert.deepEqual(changes, [true, false]);
  await assert.rejects(model.infer(window(0)), { code: "unavailable", message: /not ready/ });
  await until("ready again", () => model.ready);
  assert.equal((await model.infer(window(0))).probabilities.length, 14);
  assert.deepEqual(changes, [true, false, true]);
});

test("a worker that hangs is ended, and a new one takes its place", async (t) => {
  const { model } = await modelWith(t);
  await assert.rejects(model.infer(window(2)), { code: "unavailable" });
  await until("ready again", () => model.ready);
  assert.equal((await model.infer(window(0))).probabilities.length, 14);
});

test("a failed run is an internal error that tells the caller nothing", async (t) => {
  const { model } = await modelWith(t);
  await assert.rejects(model.infer(window(4)), { code: "internal", message: "the model failed" });
  assert.equal(model.ready, true);
});
