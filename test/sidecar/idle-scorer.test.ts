import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause, setImmediate as settled } from "node:timers/promises";
import { IdleScorer, type IdleScorerParts } from "../../inference-sidecar/src/evidence/idle-scorer.ts";
import { createMetrics } from "../../inference-sidecar/src/metrics.ts";

/** Windows as they come: parts of a whole report. */
const report = Buffer.from(`${"other records ".repeat(1000)}sampledenied`);
const sampled = report.subarray(-12, -6);
const denied = report.subarray(-6);

test("samples take one part in five hundred of the time, whatever comes; an explanation does not wait for them", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let now = 0;
  t.mock.method(performance, "now", () => now);
  /** Of the clock that scorer and test have: what is due by then runs to its end. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed++) {
      now += 1;
      t.mock.timers.tick(1);
      await settled();
    }
  };
  const asked: { what: string; at: number }[] = [];
  const held: number[] = [];
  const queue = {
    submit: async (windows: readonly { bytes: Uint8Array }[]) => {
      const bytes = windows[0]?.bytes ?? new Uint8Array();
      asked.push({ what: sampled.equals(bytes) ? "sample" : "explanation", at: now });
      held.push(bytes.buffer.byteLength);
      now += 4;
      const probabilities = new Float32Array(14 * windows.length).fill(1 / 14);
      return { probabilities, surprisal: null, queueMs: 0, inferMs: 0 };
    },
  };
  const inForce = { bundle: { thresholds: { modelDeny: 900_000 } }, queue, digest: "" };
  const parts = { models: { inForce }, store: { note: async () => undefined }, metrics: createMetrics() };
  const idle = new IdleScorer({ ...parts, isIdle: () => true } as unknown as IdleScorerParts);
  for (let i = 0; i < 10; i++) idle.sample({ bytes: sampled, edges: 0 });
  await pass(100);
  idle.explain("digest", { bytes: denied, edges: 0 });
  await pass(2_000);
  idle.close();
  assert.deepEqual(asked, [
    { what: "sample", at: 100 },
    { what: "explanation", at: 204 },
    { what: "explanation", at: 208 },
    // The sample before ended at 104.
    { what: "sample", at: 104 + 499 * 4 },
  ]);
  assert.ok(Math.max(...held) <= sampled.length, "what waits does not keep a whole report");
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
  const store = { note: async (names: readonly string[]) => noted.push(...names) };
  const inForce = { bundle: { thresholds: { modelDeny: 990_000 } }, queue, digest: "" };
  const metrics = createMetrics();
  const parts = { models: { inForce }, store, metrics, isIdle: () => true };
  const idle = new IdleScorer(parts as unknown as IdleScorerParts);
  const windowOf = (text: string, edges = 3, kind = 0) => ({ bytes: Buffer.from(text), edges, kind });
  const explain = (name: string, text: string, edges?: number, kind?: number) =>
    idle.explain(name, windowOf(text, edges, kind));
  assert.equal(idle.explanationOf(windowOf("first")), null);
  explain("1", "first");
  explain("2", "other");
  explain("3", "first");
  explain("4", "first", 1);
  explain("6", "first", 3, 1);
  while (noted.length < 5) await pause(10);
  explain("5", "other");
  while ((await metrics.explanations.get()).values[0]?.value !== 6) await pause(10);
  idle.close();
  assert.deepEqual(idle.explanationOf(windowOf("first"))?.spans, [], "it is known then");
  assert.equal(idle.explanationOf(windowOf("first", 2)), null);
  assert.deepEqual(noted, ["1", "3", "2", "4", "6", "5"]);
  assert.deepEqual(
    asked,
    ["first", "other", "first", "first"],
    "at other edges, or in a field of another kind, it is another window",
  );
});
