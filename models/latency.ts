/**
 * How long the shipped screen and model take here: `node --import tsx models/latency.ts > build/latency.json`.
 * Medians of many runs; the model in onnxruntime-web with one thread, as the sidecar runs it.
 */
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { env, InferenceSession } from "onnxruntime-web/wasm";
import { loadBundle } from "../inference-sidecar/src/bundle.ts";
import { runModel } from "../inference-sidecar/src/model-run.ts";
import { modelRows } from "../inference-sidecar/src/tokenizer.ts";
import { loadCore } from "../scripts/core.ts";

const WINDOW_BYTES = 256;
const INNER = 0;
const KIBIBYTE = 1024;
const { bundle } = parseArgs({ options: { bundle: { type: "string" } } }).values;
const folder = bundle ?? fileURLToPath(new URL("./bundle/", import.meta.url));

function quantiles(samples: number[]): { p10: number; p50: number; p99: number } {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number): number => Number((sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(3));
  return { p10: at(0.1), p50: at(0.5), p99: at(0.99) };
}

async function modelMillis(rows: number, runs: number) {
  env.wasm.numThreads = 1;
  const loaded = await loadBundle(folder);
  const session = await InferenceSession.create(loaded.model);
  const bytes = Uint8Array.from({ length: WINDOW_BYTES }, (_, index) => 32 + ((index * 31) % 90));
  const windows = Array(rows).fill({ bytes, edges: INNER });
  const samples: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await runModel(session, loaded, modelRows(windows, loaded));
    if (run >= runs / 4) samples.push((performance.now() - start) / rows);
  }
  return quantiles(samples);
}

/** Scores a text that is long enough for the call's own cost to vanish. */
async function screenMicrosPerKibibyte(runs: number) {
  const core = await loadCore(bundle);
  const prose = "It's a long letter: select what you like, and don't order by weight (2 > 1). ";
  const text = Buffer.from(prose.repeat(Math.ceil((256 * KIBIBYTE) / prose.length)));
  const samples: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    core.screen([text]);
    if (run >= runs / 4) samples.push(((performance.now() - start) * 1000 * KIBIBYTE) / text.length);
  }
  return quantiles(samples);
}

const report = {
  processor: cpus()[0]?.model ?? "unknown",
  screenMicrosPerKibibyte: await screenMicrosPerKibibyte(200),
  modelMillisPerWindow: await modelMillis(1, 800),
  modelMillisPerWindowInBatchesOf16: await modelMillis(16, 120),
};
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
