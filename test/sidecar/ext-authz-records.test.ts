import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { decodeReport, type ReportRequest } from "../../inference-sidecar/src/decision-log/report-request.ts";
import { Records } from "../../inference-sidecar/src/ext-authz/records.ts";
import { eventually } from "../harness/eventually.ts";

const origin = { bundleDigest: randomBytes(32), moduleDigest: randomBytes(32) };
const policy = randomBytes(32);
const id = randomBytes(16);
/** `postern.v1.Decision` without a field. */
const decision = new Uint8Array(0);

test("what could not be written is tried again, also when nothing more is decided", async () => {
  const written: ReportRequest[] = [];
  let tries = 0;
  const records = new Records(async (report) => {
    tries += 1;
    if (tries < 3) throw new Error("ENOSPC: no space left on device, write");
    written.push(decodeReport(report));
  }, origin);
  records.add(policy, id, decision);
  await eventually(
    () => written.length,
    (count) => count === 1,
    10_000,
  );
  assert.deepEqual(written[0]?.records[0]?.decisionId, id);
});

test("what is to be on the disk is there, also where another flush writes it", async () => {
  let isOnDisk = false;
  let seen = 0;
  let goOn = () => {};
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const records = new Records(async (bytes) => {
    const report = decodeReport(bytes);
    await held;
    seen += report.records.length;
    isOnDisk = report.durable;
  }, origin);
  records.add(policy, id, decision);
  const unhurried = records.flush(false);
  // The first one is on its way to the log now.
  await new Promise(setImmediate);
  records.add(policy, randomBytes(16), decision);
  const recorded = records.flush(true);
  goOn();
  await recorded;
  assert.equal(seen, 2);
  assert.ok(isOnDisk);
  await unhurried;
});

test("a decision that was not carried out is completed under its id", async () => {
  const written: ReportRequest[] = [];
  const records = new Records(async (report) => void written.push(decodeReport(report)), origin);
  records.add(policy, id, decision);
  records.complete(policy, id, 503, "log_unavailable");
  await records.flush(false);
  const [first, second] = written.flatMap((report) => report.records);
  assert.deepEqual([first?.sequence, second?.sequence], [1, 2]);
  assert.deepEqual([first?.decisionId, second?.decisionId], [id, id]);
  assert.equal(first?.completion, null);
  assert.deepEqual(second?.completion, { responseStatus: 503, responseBytes: 0, ended: "log_unavailable" });
  assert.equal(second?.decision, null);
});

test("while a policy gives way to another, records go to the log in the order of their sequences", async () => {
  const written: ReportRequest[] = [];
  const records = new Records(async (report) => void written.push(decodeReport(report)), origin);
  const next = randomBytes(32);
  // The second was judged by the policy before, and had to wait for the model.
  for (const digest of [next, policy, next]) records.add(digest, randomBytes(16), decision);
  await records.flush(false);
  assert.deepEqual(
    written.map(({ policyDigest }) => policyDigest),
    [next, policy, next],
  );
  assert.deepEqual(
    written.flatMap((report) => report.records.map(({ sequence }) => sequence)),
    [1, 2, 3],
  );
});
