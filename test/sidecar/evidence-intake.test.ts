import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { EvidenceIntake, type EvidenceIntakeParts } from "../../inference-sidecar/src/evidence/evidence-intake.ts";
import { EvidenceReader } from "../../inference-sidecar/src/evidence/evidence-reader.ts";
import { EvidenceStore } from "../../inference-sidecar/src/evidence/evidence-store.ts";
import { IdleScorer, type IdleScorerParts } from "../../inference-sidecar/src/evidence/idle-scorer.ts";
import { decodeKept } from "../../inference-sidecar/src/evidence/kept-evidence.ts";
import { createMetrics } from "../../inference-sidecar/src/metrics.ts";

type Records = Parameters<EvidenceIntake["take"]>[0];

const NOTHING = Buffer.alloc(0);
const BUNDLE = "ab";

function record(text: string, more: object = {}): Records[number] {
  const parts = { head: NOTHING, body: NOTHING, bodyCut: false, source: NOTHING, claims: NOTHING };
  const evidence = { window: Buffer.from(text), sample: false, edges: 0, kind: 0, ...parts, ...more };
  return { decision: { issuer: "", workload: "" }, evidence } as unknown as Records[number];
}

test("of a report each record's own window is kept, explained once it is known, and all is counted", async (t) => {
  const state = await mkdtemp(join(tmpdir(), "intake-"));
  t.after(() => rm(state, { recursive: true, force: true }));
  const metrics = createMetrics();
  const counted = async () => {
    const read = async (name: "evidenceKept" | "evidenceErrors" | "explanations" | "samples") =>
      (await metrics[name].get()).values[0]?.value ?? 0;
    return Promise.all([read("evidenceKept"), read("evidenceErrors"), read("explanations"), read("samples")]);
  };
  const queue = {
    submit: async (windows: readonly object[]) => ({
      probabilities: new Float32Array(14 * windows.length).fill(1 / 14),
      surprisal: null,
      queueMs: 0,
      inferMs: 0,
    }),
  };
  const inForce = { digest: BUNDLE, queue, bundle: { thresholds: { modelDeny: 990_000 } } };
  const store = await EvidenceStore.open(state, { retentionBytes: 1 << 26, retentionDays: 30 });
  const parts = { models: { inForce }, store, metrics, isIdle: () => true };
  const idle = new IdleScorer(parts as unknown as IdleScorerParts);
  const intake = new EvidenceIntake({ ...parts, idle, windowBytes: 256 } as unknown as EvidenceIntakeParts);

  const kept = [record("a"), record("b"), record("a")];
  const others = [
    record("s", { sample: true }),
    record(""),
    record("w".repeat(257)),
    { ...record("x"), decision: null },
    { ...record("x"), evidence: null },
  ] as Records;
  const names = await intake.take([...kept, ...others], BUNDLE);
  assert.deepEqual(await counted(), [3, 0, 0, 0]);
  while ((await counted())[2] < 3 || (await counted())[3] < 1) await pause(10);
  const later = await intake.take([record("b"), record("c", { kind: 1 })], BUNDLE);
  assert.deepEqual(await counted(), [5, 0, 4, 1], "what is explained already is not explained again");
  const former = await intake.take([record("b")], "another bundle");
  assert.equal((await counted())[2], 4, "by another bundle nothing is explained");

  const reader = await EvidenceReader.open(state);
  const read = async (name: string) => {
    const found = decodeKept((await reader.get(name)) as Buffer);
    const note = await reader.noteOn(name);
    return [String(found?.window), found?.explanation?.bundle ?? null, note && JSON.parse(String(note)).bundle];
  };
  assert.deepEqual(await Promise.all(kept.map((one) => read(names.get(one) as string))), [
    ["a", null, BUNDLE],
    ["b", null, BUNDLE],
    ["a", null, BUNDLE],
  ]);
  assert.deepEqual(await Promise.all([...later.values(), ...former.values()].map(read)), [
    ["b", BUNDLE, null],
    ["c", null, null],
    ["b", null, null],
  ]);
  assert.equal(names.size + later.size + former.size, 6, "of the others nothing is kept");

  idle.close();
  await store.close();
  await rm(join(state, "evidence"), { recursive: true });
  await writeFile(join(state, "evidence"), "in its place");
  assert.equal((await intake.take([record("a"), record("d")], BUNDLE)).size, 0);
  assert.deepEqual((await counted()).slice(0, 2), [6, 2]);
});
