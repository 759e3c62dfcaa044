import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { EndedWorkers } from "../../inference-sidecar/src/decision-log/ended-workers.ts";
import { logFiles } from "../../inference-sidecar/src/decision-log/log-file.ts";
import { WorkerSequences } from "../../inference-sidecar/src/decision-log/sequences.ts";
import { digest, startSidecar, temporaryFolder, until, wireRecord } from "./harness.ts";

/** Like those that a filter sends, of two decisions. */
function reportOf(worker: Buffer) {
  const decision = { timeUnixMs: Date.now(), method: "GET", route: "shop", rung: "DETECT", effect: "PERMIT" };
  const records = [1, 2].map((sequence) => {
    const names = { sequence, decisionId: randomBytes(16), reason: "permitted", scoredBy: "NOTHING" };
    return wireRecord({ ...decision, ...names, responseStatus: 200, responseBytes: 2, ended: "" });
  });
  return { worker, policyDigest: Buffer.alloc(32, 7), bundleDigest: digest, lost: 0, records };
}

test("a worker's end that could not be written is written later", { timeout: 60_000 }, async (t) => {
  t.mock.method(process.stderr, "write", () => true);
  const sequences = new WorkerSequences();
  sequences.set("w", { last: 7, lost: 0 });
  const written: object[] = [];
  let attempts = 0;
  const ended = new EndedWorkers(
    {
      append: async (lines, onWritten) => {
        attempts += 1;
        if (attempts === 1) throw new Error("no space left");
        written.push(...lines);
        onWritten(Buffer.alloc(0));
      },
    },
    sequences,
  );
  t.after(() => ended.close());
  ended.watch();
  ended.heard("w");
  await until("a first attempt", () => attempts > 0);
  assert.deepEqual([...sequences.living], ["w"], "it is not said yet");
  await until("a second one", () => written.length > 0);
  assert.deepEqual([...sequences.living], []);
});

test("a worker that ended together with the sidecar is said to have ended, at the next start", async (t) => {
  const state = await temporaryFolder();
  t.after(() => rm(state, { recursive: true }));
  const worker = randomBytes(16);
  const first = await startSidecar({ state });
  t.after(() => first.stop());
  await first.event("listening");
  await first.client.report(reportOf(worker));
  await first.kill();
  const second = await startSidecar({ state });
  t.after(() => second.stop());
  await second.event("listening");
  const ends = async () => {
    const names = await logFiles(join(state, "log"));
    const texts = await Promise.all(names.map((name) => readFile(join(state, "log", name), "utf8")));
    const lines = texts.join("").split("\n").slice(0, -1);
    return lines.flatMap((line) => JSON.parse(line).ended ?? []);
  };
  await until("the worker's end", async () => (await ends()).length > 0);
  assert.deepEqual(await ends(), [{ worker: worker.toString("hex"), last: 2 }]);
});
