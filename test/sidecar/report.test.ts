import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { status } from "@grpc/grpc-js";
import { logFiles } from "../../inference-sidecar/src/decision-log/log-file.ts";
import { readStateKeys } from "../../scripts/decision-log/public-key.ts";
import { verifyLog } from "../../scripts/decision-log/verify.ts";
import {
  digest,
  type FlatRecord,
  logLines,
  type RunningSidecar,
  service,
  startSidecar,
  temporaryFolder,
  until,
  wireRecord,
} from "./harness.ts";

const timings = { requestUs: 11, identityUs: 22, policyUs: 3, valuesUs: 44, screenUs: 5, inferenceUs: 900 };

function record(sequence: number, changes: object = {}) {
  return {
    sequence,
    decisionId: randomBytes(16),
    timeUnixMs: Date.UTC(2026, 10, 22, 12, 0, 0, 123),
    checks: 1 + 8,
    method: "POST",
    route: "comments",
    rung: "DETECT",
    effect: "PERMIT",
    reason: "permitted",
    wouldDeny: "attack_scored",
    issuer: "demo",
    subject: Buffer.from("alice@example.com"),
    workload: "spiffe://edge.demo/ns/shop/sa/web",
    grant: "comments/0",
    token: "valid",
    scoredBy: "MODEL",
    scoreMillionths: 12_300,
    attackClass: "SQLI",
    finding: { field: "query:q", start: 3, end: 40, decodings: ["percent", "base64"] },
    uninspected: "",
    responseStatus: 200,
    responseBytes: 512,
    timings,
    expiredGrant: "",
    apiKey: "",
    pathShape: "",
    ...changes,
  };
}

function report(worker: Buffer, records: FlatRecord[], lost = 0) {
  return { worker, policyDigest: Buffer.alloc(32, 7), bundleDigest: digest, lost, records: records.map(wireRecord) };
}

let sidecar: RunningSidecar;
before(async () => {
  sidecar = await startSidecar();
  await sidecar.event("listening");
});
after(() => sidecar.stop());

const linesOf = async (worker: Buffer) => {
  const name = worker.toString("hex");
  return (await logLines(sidecar.state)).filter((line) => (line.worker ?? line.gap?.worker) === name);
};

test("a record becomes one line of the promised shape", async () => {
  const worker = randomBytes(16);
  const given = record(1);
  assert.deepEqual(await sidecar.client.report(report(worker, [given])), { acknowledged: 1, takesMore: true });
  const [line] = await linesOf(worker);
  const id = line?.subject.id;
  assert.match(id ?? "", /^[0-9a-f]{32}$/);
  const { n, prev, ...content } = line ?? {};
  assert.equal(n, 3, "after the line that opens the file and the log's first head");
  assert.match(String(prev), /^[0-9a-f]{64}$/);
  assert.deepEqual(content, {
    v: 1,
    id: given.decisionId.toString("hex"),
    time: "2026-11-22T12:00:00.123Z",
    worker: worker.toString("hex"),
    sequence: 1,
    policy: "07".repeat(32),
    bundle: digest.toString("hex"),
    module: "",
    checks: ["encrypted", "user_authenticated"],
    method: "POST",
    route: "comments",
    rung: "detect",
    shape: "",
    effect: "permit",
    reason: "permitted",
    wouldDeny: "attack_scored",
    subject: {
      issuer: "demo",
      id,
      workload: "spiffe://edge.demo/ns/shop/sa/web",
      grant: "comments/0",
      expiredGrant: null,
      apiKey: "",
      token: "valid",
    },
    score: {
      by: "model",
      value: 0.0123,
      class: "sqli",
      finding: { field: "query:q", start: 3, end: 40, decodings: ["percent", "base64"] },
      uninspected: null,
      surprisal: null,
    },
    evidence: null,
    response: { status: 200, bytes: 512, ended: null },
    timingsUs: { request: 11, identity: 22, policy: 3, values: 44, screen: 5, inference: 900 },
  });
});

test("a bare record has empty texts and nulls where there is nothing", async () => {
  const worker = randomBytes(16);
  await sidecar.client.report(report(worker, [{ sequence: 1, decisionId: randomBytes(16) }]));
  const [line] = await linesOf(worker);
  assert.equal(line?.wouldDeny, null);
  assert.deepEqual(line?.subject, {
    apiKey: "",
    issuer: "",
    id: "",
    workload: "",
    grant: "",
    expiredGrant: null,
    token: "",
  });
  assert.deepEqual(line?.score, {
    by: "nothing",
    value: 0,
    class: "",
    finding: null,
    surprisal: null,
    uninspected: null,
  });
});

test("the subject is a keyed hash: the same for the same subject, another for another issuer, never the subject", async () => {
  const worker = randomBytes(16);
  const records = [record(1), record(2), record(3, { issuer: "other" }), record(4, { subject: Buffer.from("bob") })];
  await sidecar.client.report(report(worker, records));
  const ids = (await linesOf(worker)).map((line) => line?.subject.id);
  assert.equal(ids[0], ids[1]);
  assert.equal(new Set(ids).size, 3);
  const key = await stat(join(sidecar.state, "keys", "pseudonym.key"));
  assert.equal(key.mode & 0o777, 0o600);
  assert.equal(key.size, 32);
  for (const name of await readdir(join(sidecar.state, "log"))) {
    assert.doesNotMatch(await readFile(join(sidecar.state, "log", name), "utf8"), /alice|example\.com/);
  }
});

test("texts are cut and lose control characters; the log keeps one line a record", async () => {
  const worker = randomBytes(16);
  const hostile = `a\n\r\u0000\u001b[31m\u202eb\u2028c"\\</script>`;
  const long = "é".repeat(5000);
  const finding = { field: hostile + long, start: 0, end: 1, decodings: Array(40).fill(long) };
  await sidecar.client.report(
    report(worker, [record(1, { method: long, route: hostile, reason: hostile, finding, grant: long })]),
  );
  const [line] = await linesOf(worker);
  assert.equal(line?.route, 'a[31mbc"\\</script>');
  assert.equal(line?.method.length, 32);
  const logged = line?.score.finding;
  assert.equal(logged?.field.length, 96);
  assert.equal(logged?.decodings.length, 16);
  assert.ok(JSON.stringify(line).length < 4096, "a line is bounded");
  const raw = await readFile(await newestLog(sidecar.state), "utf8");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the absence of control characters is what is tested
  assert.doesNotMatch(raw, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/);
});

test("records come again are skipped, gaps are logged, and each worker has its own sequence", async () => {
  const worker = randomBytes(16);
  const other = randomBytes(16);
  assert.equal((await sidecar.client.report(report(worker, [record(1), record(2)]))).acknowledged, 2);
  assert.equal((await sidecar.client.report(report(worker, [record(1), record(2), record(3)]))).acknowledged, 3);
  assert.equal((await sidecar.client.report(report(worker, [record(7), record(10)], 5))).acknowledged, 10);
  assert.equal((await sidecar.client.report(report(worker, [record(4)]))).acknowledged, 10);
  assert.equal((await sidecar.client.report(report(other, [record(1)]))).acknowledged, 1);
  assert.equal((await sidecar.client.report(report(worker, []))).acknowledged, 10);
  const lines = await linesOf(worker);
  assert.deepEqual(
    lines.map((line) => line.sequence ?? line.gap),
    [1, 2, 3, gap(worker, 4, 6), 7, gap(worker, 8, 9), 10],
  );
});

const gap = (worker: Buffer, first: number, last: number) => ({ worker: worker.toString("hex"), first, last, lost: 5 });

test("reports at the same time are written one after the other, whole", async () => {
  const workers = Array.from({ length: 6 }, () => randomBytes(16));
  const sizes = await Promise.all(
    workers.map(async (worker) => {
      const records = Array.from({ length: 100 }, (_, index) => record(index + 1));
      await sidecar.client.report(report(worker, records));
      return (await linesOf(worker)).map((line) => line.sequence);
    }),
  );
  for (const sequences of sizes)
    assert.deepEqual(
      sequences,
      Array.from({ length: 100 }, (_, index) => index + 1),
    );
});

test("what is over a limit is refused", async () => {
  const worker = randomBytes(16);
  const refused = { code: status.INVALID_ARGUMENT };
  const refuses = (request: object) => assert.rejects(sidecar.client.report(request), refused);
  await refuses(report(randomBytes(15), [record(1)]));
  await refuses(
    report(
      worker,
      Array.from({ length: 2_049 }, (_, index) => record(index + 1)),
    ),
  );
  await refuses(report(worker, [record(2), record(1)]));
  await refuses(report(worker, [record(0)]));
  await refuses(report(worker, [record(1, { decisionId: randomBytes(15) })]));
  await refuses(report(worker, [record(1, { timeUnixMs: 2 ** 60 })]));
  await assert.rejects(sidecar.client.raw("Report", Buffer.from("2a00".repeat(10_000), "hex")), refused);
  await assert.rejects(sidecar.client.raw("Report", Buffer.alloc(5 * 1024 * 1024)), {
    code: status.RESOURCE_EXHAUSTED,
  });
  assert.deepEqual(await linesOf(worker), []);
  const largest = service.Report?.requestSerialize(
    report(
      worker,
      Array.from({ length: 2_048 }, (_, index) => record(index + 1)),
    ),
  );
  assert.ok((largest?.length ?? 0) < 4 * 1024 * 1024);
  assert.equal(
    (
      await sidecar.client.report(
        report(
          worker,
          Array.from({ length: 2_048 }, (_, index) => record(index + 1)),
        ),
      )
    ).acknowledged,
    2_048,
  );
});

test("files turn over at the limit, no record is lost or torn, each file is this user's alone", async (t) => {
  const small = await startSidecar({ log: { rotationBytes: 4096 } });
  t.after(() => small.stop());
  await small.event("listening");
  const worker = randomBytes(16);
  for (let sequence = 1; sequence <= 30; sequence += 1) await small.client.report(report(worker, [record(sequence)]));
  const names = (await readdir(join(small.state, "log"))).sort();
  assert.ok(names.length > 3, `${names}`);
  for (const name of names.filter((file) => file !== "head.json")) {
    assert.match(name, /^decisions-\d{4}-\d\d-\d\d-\d{4}\.jsonl$/);
    const { size, mode } = await stat(join(small.state, "log", name));
    assert.ok(size <= 4096);
    assert.equal(mode & 0o777, 0o600);
  }
  assert.deepEqual(
    (await logLines(small.state)).map((line) => line.sequence),
    Array.from({ length: 30 }, (_, index) => index + 1),
  );
});

test("while the log can't be written nothing is acknowledged; afterwards the records come again", async (t) => {
  const broken = await startSidecar();
  t.after(() => broken.stop());
  await broken.event("listening");
  const folder = join(broken.state, "log");
  await rename(folder, `${folder}.away`);
  await writeFile(folder, "not a folder");
  const worker = randomBytes(16);
  await assert.rejects(broken.client.report(report(worker, [record(1)])), { code: status.UNAVAILABLE });
  await broken.event("decision_log_write_failed");
  const { dashboard } = await broken.event("listening");
  assert.match(await (await fetch(`${dashboard}/metrics`)).text(), /postern_sidecar_log_errors_total 1/);
  await rm(folder);
  await mkdir(folder);
  assert.equal((await broken.client.report(report(worker, [record(1), record(2)]))).acknowledged, 2);
  assert.deepEqual(
    (await logLines(broken.state)).map((line) => line.sequence),
    [1, 2],
  );
});

/** A sidecar whose disk is full from now on: no file of its may grow beyond 8 KiB. */
async function startWithFullDisk(t: TestContext): Promise<RunningSidecar> {
  const full = await startSidecar();
  t.after(() => full.stop());
  await full.event("listening");
  await promisify(execFile)("prlimit", ["--pid", String(full.child.pid), "--fsize=8192:unlimited"]);
  return full;
}

test("a write that the disk cuts short leaves no torn line", async (t) => {
  const full = await startWithFullDisk(t);
  const worker = randomBytes(16);
  const many = Array.from({ length: 100 }, (_, index) => record(index + 1));
  assert.equal((await full.client.report(report(worker, many.slice(0, 3)))).acknowledged, 3);
  await assert.rejects(full.client.report(report(worker, many)), { code: status.UNAVAILABLE });
  assert.equal((await full.client.report(report(worker, many.slice(0, 6)))).acknowledged, 6);
  assert.deepEqual(
    (await logLines(full.state)).map((line) => line.sequence),
    [1, 2, 3, 4, 5, 6],
  );
});

test("on a disk that stays full there is the file that begins the log, however often a report comes again", async (t) => {
  const full = await startWithFullDisk(t);
  const worker = randomBytes(16);
  const many = Array.from({ length: 100 }, (_, index) => record(index + 1));
  for (let attempt = 0; attempt < 5; attempt += 1)
    await assert.rejects(full.client.report(report(worker, many)), { code: status.UNAVAILABLE });
  assert.equal((await logFiles(join(full.state, "log"))).length, 1);
  assert.equal((await full.client.report(report(worker, many.slice(0, 3)))).acknowledged, 3);
  assert.equal((await logFiles(join(full.state, "log"))).length, 2);
});

test("a sidecar killed before its acknowledgement was heard knows the records when they come again", async (t) => {
  const state = await temporaryFolder();
  t.after(() => rm(state, { recursive: true }));
  const worker = randomBytes(16);
  const first = await startSidecar({ state });
  t.after(() => first.stop());
  await first.event("listening");
  await first.client.report(report(worker, [record(1), record(2), record(3)]));
  const subject = (await logLines(state))[0]?.subject.id;
  await first.kill();
  const second = await startSidecar({ state });
  t.after(() => second.stop());
  await second.event("listening");
  assert.equal((await second.client.report(report(worker, [record(2), record(3), record(4)]))).acknowledged, 4);
  const lines = await logLines(state);
  assert.deepEqual(
    lines.map((line) => line.sequence),
    [1, 2, 3, 4],
  );
  assert.equal(lines[3]?.subject.id, subject, "the key outlives the process");
});

test("killed under load, nothing that was acknowledged is lost, nothing is doubled, and the chain is whole", async (t) => {
  const state = await temporaryFolder();
  t.after(() => rm(state, { recursive: true }));
  const acknowledged = new Map<string, number>();
  const workers = Array.from({ length: 4 }, () => randomBytes(16));
  for (let run = 0; run < 3; run += 1) {
    const running = await startSidecar({ state, log: { rotationBytes: 64 * 1024, headMs: 100 } });
    t.after(() => running.stop());
    await running.event("listening");
    const loads = workers.map(async (worker) => {
      const name = worker.toString("hex");
      for (;;) {
        // Five at a time, the last two of which come again.
        const from = Math.max(1, (acknowledged.get(name) ?? 0) - 1);
        const records = Array.from({ length: 5 }, (_, index) => record(from + index));
        acknowledged.set(name, (await running.client.report(report(worker, records))).acknowledged);
        if (acknowledged.get(name) === from - 1) throw new Error("no progress");
      }
    });
    const ended = Promise.allSettled(loads);
    const reached = (run + 1) * 300;
    await until("records", () => [...acknowledged.values()].some((last) => last > reached));
    await running.kill();
    await ended;
    const keys = await readStateKeys(state);
    const { problem } = await verifyLog(join(state, "log"), keys);
    assert.equal(problem, null);
  }
  const lines = await logLines(state);
  for (const worker of workers) {
    const sequences = lines.flatMap((line) => (line.worker === worker.toString("hex") ? [line.sequence] : []));
    assert.deepEqual(
      sequences,
      Array.from({ length: sequences.length }, (_, index) => index + 1),
    );
    assert.ok(sequences.length >= (acknowledged.get(worker.toString("hex")) ?? 0));
  }
});

async function newestLog(state: string): Promise<string> {
  const names = (await readdir(join(state, "log"))).filter((name) => name.endsWith(".jsonl")).sort();
  return join(state, "log", names.at(-1) as string);
}
