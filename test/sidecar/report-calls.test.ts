import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { type ServiceError, status } from "@grpc/grpc-js";
import { digest, type RunningSidecar, startSidecar, until, wireRecord } from "./harness.ts";

let sidecar: RunningSidecar;
before(async () => {
  sidecar = await startSidecar({ limits: { drainMs: 60_000 } });
  await sidecar.event("listening");
});
after(() => sidecar.stop());

function report(worker: Buffer, from: number, count = 1): object {
  const records = Array.from({ length: count }, (_, i) =>
    wireRecord({ sequence: from + i, decisionId: randomBytes(16), timeUnixMs: 1, responseStatus: 200 }),
  );
  return { worker, policyDigest: Buffer.alloc(32, 7), bundleDigest: digest, records };
}

/** A call, what it was answered, and how it ended. */
function open(of = sidecar) {
  const call = of.client.reports();
  const acknowledged: number[] = [];
  const ended = new Promise<number>((end) => {
    call.on("error", (error: ServiceError) => end(error.code));
    call.on("status", ({ code }: { code: number }) => end(code));
  });
  call.on("data", (answer: { acknowledged: number; takesMore: boolean }) => {
    assert.equal(answer.takesMore, true);
    acknowledged.push(answer.acknowledged);
  });
  return { call, acknowledged, ended };
}

test("one call carries one report after the other, and ends well when its client has ended its side", async () => {
  const worker = randomBytes(16);
  const { call, acknowledged, ended } = open();
  for (let sequence = 1; sequence <= 5; sequence++) {
    call.write(report(worker, sequence));
    await once(call, "data");
  }
  call.end();
  assert.equal(await ended, status.OK);
  assert.deepEqual(acknowledged, [1, 2, 3, 4, 5]);
});

test("reports that come before the answer to the one before are answered in their order", async () => {
  const worker = randomBytes(16);
  const { call, acknowledged, ended } = open();
  const sequences = Array.from({ length: 100 }, (_, i) => i + 1);
  for (const sequence of sequences) call.write(report(worker, sequence));
  call.end();
  assert.equal(await ended, status.OK);
  assert.deepEqual(acknowledged, sequences);
});

test("an error ends the call: what came before it is written, what comes after it is not", async () => {
  const worker = randomBytes(16);
  const { call, acknowledged, ended } = open();
  call.write(report(worker, 1));
  call.write(report(randomBytes(15), 1));
  call.write(report(worker, 2));
  assert.equal(await ended, status.INVALID_ARGUMENT);
  assert.deepEqual(acknowledged, [1]);
  assert.equal(((await sidecar.client.report(report(worker, 2))) as { acknowledged: number }).acknowledged, 2);
});

test("a client that is gone in the middle leaves nothing behind", async () => {
  const worker = randomBytes(16);
  const { call, ended } = open();
  call.write(report(worker, 1, 2_000));
  await once(call, "metadata").catch(() => undefined);
  call.cancel();
  assert.equal(await ended, status.CANCELLED);
  await until("its records", async () => (await sidecar.client.report(report(worker, 1))).acknowledged === 2_000);
});

test("asked to stop, it answers the reports that are under way and ends every call well", async (t) => {
  const one = await startSidecar({ limits: { drainMs: 60_000 } });
  t.after(() => one.stop());
  await one.event("listening");
  const [idle, busy] = [open(one), open(one)];
  idle.call.write(report(randomBytes(16), 1));
  await once(idle.call, "data");
  busy.call.write(report(randomBytes(16), 1));
  await once(busy.call, "data");
  busy.call.write(report(randomBytes(16), 1, 2_000));
  await one.client.health();
  one.child.kill("SIGTERM");
  assert.deepEqual(await Promise.all([idle.ended, busy.ended]), [status.OK, status.OK]);
  assert.deepEqual(await one.exit(), { code: 0, signal: null });
  assert.deepEqual([idle.acknowledged, busy.acknowledged], [[1], [1, 2_000]]);
});
