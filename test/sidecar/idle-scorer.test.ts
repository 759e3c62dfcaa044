import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { IdleScorer, type IdleScorerParts } from "../../inference-sidecar/src/evidence/idle-scorer.ts";
import { createMetrics } from "../../inference-sidecar/src/metrics.ts";

const SAMPLE_MS = 4;
const sampled = Buffer.from("sample");
const denied = Buffer.from("denied");

test("samples take one part in a hundred of the time, whatever comes; an explanation does not wait for them", async () => {
  const spans: { what: string; start: number; end: number }[] = [];
  const queue = {
    submit: async (windows: readonly { bytes: Uint8Array }[]) => {
      const start = performance.now();
      await pause(SAMPLE_MS);
      const what = windows[0]?.bytes === sampled ? "sample" : "explanation";
      spans.push({ what, start, end: performance.now() });
      const probabilities = new Float32Array(14 * windows.length).fill(1 / 14);
      return { probabilities, surprisal: null, queueMs: 0, inferMs: 0 };
    },
  };
  const inForce = { bundle: { thresholds: { modelDeny: 900_000 } }, queue, digest: "" };
  const store = { note: async () => undefined };
  const metrics = createMetrics();
  const idle = new IdleScorer({
    models: { inForce },
    store,
    metrics,
    isIdle: () => true,
  } as unknown as IdleScorerParts);
  for (let i = 0; i < 10; i++) idle.sample({ bytes: sampled, edges: 0 });
  while (spans.length === 0) await pause(10);
  idle.explain("digest", { bytes: denied, edges: 0 });
  const samples = () => spans.filter(({ what }) => what === "sample");
  while (samples().length < 2) await pause(10);
  idle.close();
  const [first, second] = samples();
  assert.ok(first && second && second.start - first.end >= 99 * SAMPLE_MS);
  assert.equal(spans[1]?.what, "explanation");
});
