/**
 * How long the shipped screen and model take here: `node --import tsx models/latency.ts > build/latency.json`.
 * Means and quantiles of many runs; the model in onnxruntime-web with one thread, as the sidecar runs it, once V8 has
 * optimised it: for some thousand runs its compiler needs the processors too.
 */
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { env, InferenceSession } from "onnxruntime-web/wasm";
import { loadBundle } from "../inference-sidecar/src/bundle.ts";
import { runModel } from "../inference-sidecar/src/model-run.ts";
import { modelRows } from "../inference-sidecar/src/tokenizer.ts";
import "../inference-sidecar/src/wasm-tiers.ts";
import { loadCore } from "../scripts/core.ts";

const WINDOW_BYTES = 256;
const INNER = 0;
const KIBIBYTE = 1024;
const SETTLING_RUNS = 4000;
const { bundle } = parseArgs({ options: { bundle: { type: "string" } } }).values;
const folder = bundle ?? fileURLToPath(new URL("./bundle/", import.meta.url));

function summary(samples: number[]): { mean: number; p10: number; p50: number; p99: number } {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number) => rounded(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
  const mean = rounded(samples.reduce((sum, each) => sum + each, 0) / samples.length);
  return { mean, p10: at(0.1), p50: at(0.5), p99: at(0.99) };
}

function rounded(milliseconds: number): number {
  return Number(milliseconds.toFixed(3));
}

async function modelRuns() {
  env.wasm.numThreads = 1;
  const loaded = await loadBundle(folder);
  const session = await InferenceSession.create(loaded.model);
  const bytes = Uint8Array.from({ length: WINDOW_BYTES }, (_, index) => 32 + ((index * 31) % 90));
  const measure = async (rows: number, runs: number) => {
    const windows = Array(rows).fill({ bytes, edges: INNER });
    const samples: number[] = [];
    const before = process.cpuUsage();
    for (let run = 0; run < runs; run++) {
      const start = performance.now();
      await runModel(session, loaded, modelRows(windows, loaded));
      samples.push((performance.now() - start) / rows);
    }
    const { user, system } = process.cpuUsage(before);
    // What the mean would be on a machine without other work.
    return { processor: rounded((user + system) / 1000 / runs / rows), ...summary(samples) };
  };
  // Without a live handle Node waits for V8's compiler between two awaits.
  const alive = setInterval(() => {}, 60_000);
  await measure(1, SETTLING_RUNS);
  const report = {
    modelMillisPerWindow: await measure(1, 4000),
    modelMillisPerWindowInBatchesOf16: await measure(16, 400),
  };
  clearInterval(alive);
  return report;
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
  return summary(samples);
}

const report = {
  processor: cpus()[0]?.model ?? "unknown",
  screenMicrosPerKibibyte: await screenMicrosPerKibibyte(200),
  ...(await modelRuns()),
};
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
