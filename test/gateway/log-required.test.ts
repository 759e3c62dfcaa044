import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { readStateKeys } from "../../scripts/decision-log/public-key.ts";
import { verifyLog } from "../../scripts/decision-log/verify.ts";
import { eventually } from "../harness/eventually.ts";
import { startTestGateway, type TestGateway } from "../harness/gateway.ts";
import { findRecord } from "../harness/record.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";

const policy = `
version: 1
log: required
routes:
  - { name: plain, match: { path: /plain/** }, public: true, score: off }
  - { name: scored, match: { path: /scored/** }, public: true, score: { ask: always, deadline: 2s } }
  - { name: detected, match: { path: /detected/** }, public: true, mode: detect }
  - { name: observed, match: { path: /observed/** }, public: true, mode: observe, score: off }
`;
const attack = encodeURIComponent("1' UNION SELECT username, password FROM users WHERE '1'='1' --");

let upstream: RecordingUpstream;
let gateway: TestGateway;
/** Responses of the upstream to `/plain/slow` that have not ended. */
const open: ServerResponse[] = [];

before(
  async () => {
    upstream = await startRecordingUpstream((request, response) => {
      if (!request.url?.includes("slow")) return response.end("ok");
      response.write("begun");
      open.push(response);
    });
    gateway = await startTestGateway({ upstream: upstream.url, policy });
  },
  { timeout: 120_000 },
);
after(async () => {
  await gateway.stop();
  await upstream.stop();
});

async function send(path: string, init: RequestInit = {}): Promise<{ status: number; id: string; text: string }> {
  const response = await fetch(`${gateway.url}${path}`, { signal: AbortSignal.timeout(10_000), ...init });
  const text = await response.text();
  return { status: response.status, id: response.headers.get("x-postern-decision") ?? "", text };
}

/** On a busy machine a record may not be written within its second: 503, which no request is to get for good. */
const answered = (path: string, init: RequestInit = {}) =>
  eventually(
    () => send(path, init),
    ({ status }) => status !== 503,
  );

test("when a request is answered its record is in the log already, score included", async () => {
  for (const path of ["/plain/a", "/scored/a?q=hello", "/detected/a?q=hello"]) {
    const { status, id } = await answered(path);
    assert.equal(status, 200, path);
    const record = await findRecord(gateway.state, id);
    assert.equal(record?.effect, "permit", path);
    assert.equal(record?.score.by === "nothing", path === "/plain/a");
  }
  const posted = await answered("/detected/b", { method: "POST", body: new URLSearchParams({ q: "1' OR 1=1 --" }) });
  assert.equal(posted.status, 200);
  assert.notEqual((await findRecord(gateway.state, posted.id))?.wouldDeny, null);
});

test("a denial is recorded as well", async () => {
  const { status, id } = await answered(`/scored/a?q=${attack}`);
  assert.equal(status, 403);
  assert.equal((await gateway.waitForRecord(id)).effect, "deny");
});

test("a response that goes on has its decision in the log, and its completion when it ends", async () => {
  const response = await eventually(
    () => fetch(`${gateway.url}/plain/slow`),
    ({ status }) => status !== 503,
  );
  const id = response.headers.get("x-postern-decision") ?? "";
  const record = await findRecord(gateway.state, id);
  assert.equal(record?.effect, "permit");
  assert.equal(record?.response, null);
  open.at(-1)?.end(" and ended");
  assert.equal(await response.text(), "begun and ended");
  assert.deepEqual((await gateway.waitForRecord(id)).response, { status: 200, bytes: 15, ended: null });
});

test("while nobody writes the log requests are 503 from detect up and reach nobody; then they go on", {
  timeout: 60_000,
}, async () => {
  const pid = await gateway.sidecarPid();
  const seen = upstream.arrivals.length;
  process.kill(pid, "SIGSTOP");
  try {
    const [plain, detected, observed] = await Promise.all(
      ["/plain/b", "/detected/b", "/observed/b"].map((path) => send(path)),
    );
    assert.deepEqual([plain?.status, detected?.status, observed?.status], [503, 503, 200]);
    assert.equal(JSON.parse(plain?.text ?? "").reason, "unavailable");
    assert.deepEqual(upstream.arrivals.slice(seen), ["GET /observed/b"]);
    process.kill(pid, "SIGCONT");
    const record = await gateway.waitForRecord(plain?.id ?? "");
    assert.deepEqual(
      [record.effect, record.response?.status, record.response?.ended],
      ["permit", 503, "log_unavailable"],
    );
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await eventually(
    () => send("/plain/c"),
    ({ status }) => status === 200,
  );
});

test("killed under load, whatever was answered is in the log, and the chain is whole", {
  timeout: 90_000,
}, async () => {
  const answered: string[] = [];
  let stopped = false;
  const clients = Array.from({ length: 8 }, async () => {
    while (!stopped) {
      const { status, id } = await send("/plain/load");
      if (status === 200) answered.push(id);
      else assert.equal(status, 503);
    }
  });
  for (let kill = 0; kill < 2; kill += 1) {
    const reached = answered.length + 100;
    await eventually(
      () => answered.length,
      (count) => count >= reached,
    );
    process.kill(await gateway.sidecarPid(), "SIGKILL");
  }
  const reached = answered.length + 20;
  await eventually(
    () => answered.length,
    (count) => count >= reached,
  );
  stopped = true;
  await Promise.all(clients);
  const log = join(gateway.state, "log");
  const keys = await readStateKeys(gateway.state);
  assert.equal((await verifyLog(log, keys)).problem, null);
  for (const id of answered) assert.notEqual(await findRecord(gateway.state, id), null, id);
});
