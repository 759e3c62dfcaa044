import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { status } from "@grpc/grpc-js";
import { type RunningSidecar, startSidecar, until } from "./harness.ts";

/** Keeps the test bundle's model busy for a while, in proportion to `units`. */
const slow = (units: number) => Buffer.from([255, units]);
const rejectsWith =
  (code: number, message = /./) =>
  (error: { code: number; details: string }) => {
    assert.equal(error.code, code, error.details);
    assert.match(error.details, message);
    return true;
  };

let sidecar: RunningSidecar;

before(async () => {
  sidecar = await startSidecar({ limits: { scoreCallsInFlight: 4, windowsInFlight: 20, inferenceMs: 60_000 } });
  await sidecar.event("model_ready");
});
after(() => sidecar.stop());

async function metric(line: RegExp): Promise<number> {
  const { dashboard } = await sidecar.event("listening");
  const text = await (await fetch(`${dashboard}/metrics`)).text();
  return Number(line.exec(text)?.[1] ?? 0);
}

test("scores come one for each window, in order, with the likeliest attack class", async () => {
  const { scores } = await sidecar.client.score(["plain prose", "1' OR 1=1", "<script>"]);
  assert.deepEqual(scores.map(({ attackClass }) => attackClass).slice(1), ["SQLI", "XSS"]);
  const [benign, sqli, xss] = scores.map(({ attackMillionths }) => attackMillionths);
  assert.ok((benign as number) < 10_000, `${benign}`);
  assert.ok((sqli as number) > 990_000 && (sqli as number) <= 1_000_000, `${sqli}`);
  assert.ok((xss as number) > 990_000 && (xss as number) <= 1_000_000, `${xss}`);
});

test("how surprising a window is comes with what is usual in such a field; a kind that is not known is free text", async () => {
  const told = async (kinds: number[]) => {
    const { scores } = await sidecar.client.score(["it's", "plain", "<b>"], { kinds });
    return scores.map(({ surprisalMillibits, usualMillibits }) => [surprisalMillibits, usualMillibits]);
  };
  const [query, text] = [3, 15];
  assert.deepEqual(await told([query, text, 0]), [
    [6000, 1750],
    [1000, 4750],
    [1000, 1000],
  ]);
  assert.deepEqual(await told([63, 20, 19]), [
    [6000, 4750],
    [1000, 4750],
    [1000, 5750],
  ]);
  assert.deepEqual(await told([]), [
    [6000, 4750],
    [1000, 4750],
    [1000, 4750],
  ]);
});

test("calls at the same time each get their own scores", async () => {
  const texts = ["a", "'", "<", "b"];
  const answers = await Promise.all(texts.map((text) => sidecar.client.score([text, "-"])));
  const attacks = answers.map(({ scores }) => (scores[0]?.attackMillionths as number) > 500_000);
  assert.deepEqual(attacks, [false, true, true, false]);
});

test("a full window of 256 bytes and 16 windows are within the limits", async () => {
  const windows = Array.from({ length: 16 }, (_, index) => Buffer.alloc(256, index % 2 === 0 ? 0x61 : 0x3c));
  const { scores } = await sidecar.client.score(windows);
  assert.deepEqual(
    scores.map(({ attackMillionths }) => attackMillionths > 500_000),
    windows.map((_, index) => index % 2 === 1),
  );
});

test("another bundle's digest is refused", async () => {
  for (const bundleDigest of [Buffer.alloc(32), Buffer.alloc(0), Buffer.alloc(31, 1)]) {
    await assert.rejects(
      sidecar.client.score(["a"], { bundleDigest }),
      rejectsWith(status.FAILED_PRECONDITION, /bundle/),
    );
  }
});

test("what is over a limit or malformed is refused by name", async () => {
  const refused = rejectsWith(status.INVALID_ARGUMENT);
  await assert.rejects(sidecar.client.score([]), refused);
  await assert.rejects(sidecar.client.score(Array(17).fill("a")), refused);
  await assert.rejects(sidecar.client.score([Buffer.alloc(257)]), refused);
  await assert.rejects(sidecar.client.score([""]), refused);
  await assert.rejects(sidecar.client.score(["a"], { edges: [1, 2] }), refused);
  await assert.rejects(sidecar.client.score(["a"], { edges: [24] }), refused);
  await assert.rejects(sidecar.client.score(["a"], { kinds: [1, 2] }), refused);
  await assert.rejects(sidecar.client.score(["a"], { kinds: [64] }), refused);
  assert.equal((await sidecar.client.score(["a", "b"], { edges: [23, 0], kinds: [63, 0] })).scores.length, 2);
  await assert.rejects(
    sidecar.client.raw("Score", Buffer.alloc(64 * 1024 + 1, 0x12)),
    rejectsWith(status.INVALID_ARGUMENT, /65536/),
  );
  await assert.rejects(sidecar.client.raw("Score", Buffer.from([0x0a, 0xff])), refused);
  await assert.rejects(sidecar.client.raw("Score", Buffer.from("1200".repeat(601), "hex")), refused);
  assert.equal((await sidecar.client.score(["still answering"])).scores.length, 1);
});

test("a call whose deadline passes in the queue is answered then and never reaches the model", async () => {
  const before = await metric(/batch_windows_sum (\d+)/);
  const busy = sidecar.client.score([slow(250)]);
  await until("the model is busy", async () => (await metric(/batch_windows_sum (\d+)/)) === before + 1);
  await assert.rejects(
    sidecar.client.score(["late", "late"], { timeoutMs: 60 }),
    rejectsWith(status.DEADLINE_EXCEEDED),
  );
  await busy;
  await sidecar.client.score(["after"]);
  assert.equal(await metric(/batch_windows_sum (\d+)/), before + 2);
});

test("a cancelled call is dropped when a batch is formed", async () => {
  const before = await metric(/batch_windows_sum (\d+)/);
  const busy = sidecar.client.score([slow(250)]);
  await until("the model is busy", async () => (await metric(/batch_windows_sum (\d+)/)) === before + 1);
  const controller = new AbortController();
  const gone = sidecar.client.score(["gone"], { signal: controller.signal });
  await until("it waits", async () => (await metric(/queued_calls (\d+)/)) === 1);
  controller.abort();
  await assert.rejects(gone, rejectsWith(status.CANCELLED));
  await busy;
  await until(
    "it is dropped",
    async () => (await metric(/calls_total\{method="Score",status="cancelled"\} (\d+)/)) >= 1,
  );
  assert.equal(await metric(/batch_windows_sum (\d+)/), before + 1);
});

test("what is not admitted is refused at once, and admission opens again", async () => {
  const busy = [0, 1, 2, 3].map(() => sidecar.client.score([slow(120)]));
  await until("four are in flight", async () => (await metric(/calls_in_flight (\d+)/)) === 4);
  await assert.rejects(sidecar.client.score(["one more"]), rejectsWith(status.RESOURCE_EXHAUSTED));
  assert.equal(await metric(/calls_in_flight (\d+)/), 4, "refused while all others were still in flight");
  await Promise.all(busy);
  assert.equal((await sidecar.client.score(["again"])).scores.length, 1);
});

test("windows in flight are limited, too", async () => {
  const before = await metric(/batch_windows_sum (\d+)/);
  const busy = sidecar.client.score([slow(200), ...Array(15).fill("a")]);
  await until("the model is busy", async () => (await metric(/batch_windows_sum (\d+)/)) === before + 16);
  await assert.rejects(sidecar.client.score(Array(5).fill("a")), rejectsWith(status.RESOURCE_EXHAUSTED));
  assert.equal((await sidecar.client.score(Array(4).fill("a"))).scores.length, 4);
  await busy;
});

test("metrics tell of calls, durations and the bundle, and hold nothing of a request", async () => {
  await sidecar.client.score(["needle-in-a-window"]);
  const { dashboard, bundle } = await sidecar.event("listening");
  const text = await (await fetch(`${dashboard}/metrics`)).text();
  assert.match(text, /postern_sidecar_calls_total\{method="Score",status="ok"\} \d+/);
  for (const stage of ["admission", "queue", "infer", "total"]) {
    assert.match(text, new RegExp(`postern_sidecar_score_seconds_count\\{stage="${stage}"\\} \\d+`));
  }
  assert.match(text, /postern_sidecar_model_ready 1/);
  assert.match(text, new RegExp(`postern_sidecar_bundle_info\\{digest="${bundle}"\\} 1`));
  assert.doesNotMatch(text, /needle/);
});
