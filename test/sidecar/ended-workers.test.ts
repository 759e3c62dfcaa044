import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { logFiles } from "../../inference-sidecar/src/decision-log/log-file.ts";
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

test("a worker that ended together with the sidecar is said to have ended, at the next start", async (t) => {
  const state = await temporaryFolder();
  t.after(() => rm(state, { recursive: true }));
  const worker = randomBytes(16);
  const first = await startSidecar({ state });
  t.after(() => first.stop());
  await first.event("listening");
  await first.client.report(reportOf(worker));
  first.child.kill("SIGKILL");
  await first.exit();
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
