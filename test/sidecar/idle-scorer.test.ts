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

test("a window that comes again and again is explained once, for each that has it", async () => {
  const asked: string[] = [];
  const queue = {
    submit: async (windows: readonly { bytes: Uint8Array }[]) => {
      asked.push(...windows.map(({ bytes }) => Buffer.from(bytes).toString()));
      const probabilities = new Float32Array(14 * windows.length).fill(1 / 14);
      return { probabilities, surprisal: null, queueMs: 0, inferMs: 0 };
    },
  };
  const noted: string[] = [];
  const store = { note: async (digest: string) => noted.push(digest) };
  const inForce = { bundle: { thresholds: { modelDeny: 990_000 } }, queue, digest: "" };
  const metrics = createMetrics();
  const parts = { models: { inForce }, store, metrics, isIdle: () => true };
  const idle = new IdleScorer(parts as unknown as IdleScorerParts);
  const explain = (digest: string, text: string, edges = 3) =>
    idle.explain(digest, { bytes: Buffer.from(text), edges });
  explain("1", "first");
  explain("2", "other");
  explain("3", "first");
  explain("4", "first", 1);
  while (noted.length < 4) await pause(10);
  explain("5", "other");
  while ((await metrics.explanations.get()).values[0]?.value !== 5) await pause(10);
  idle.close();
  assert.deepEqual(noted, ["1", "3", "2", "4", "5"]);
  assert.deepEqual(asked, ["first", "other", "first"], "at other edges it is another window");
});
