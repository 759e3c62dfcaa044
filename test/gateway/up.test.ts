import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { readStateKeys } from "../../scripts/decision-log/public-key.ts";
import { readLogLines } from "../../scripts/decision-log/read.ts";
import { verifyLog } from "../../scripts/decision-log/verify.ts";
import { findOnPath } from "../../scripts/find-on-path.ts";
import { eventually } from "../harness/eventually.ts";
import { runPostern, startTestGateway } from "../harness/gateway.ts";
import { sendRaw } from "../harness/raw-http.ts";
import { gatewayScene } from "./scene.ts";

const policy = (path: string) => `
version: 1
mode: prevent
routes:
  - name: first
    match: { methods: [GET], path: ${path} }
    public: true
    score: off
`;

const scene = gatewayScene({ policy: policy("/one") });

function get(path: string, url: string = scene.gateway.url) {
  return sendRaw(url, `GET ${path} HTTP/1.1\r\nhost: shop.test\r\n\r\n`);
}

/** A page of Envoy's admin socket. */
function admin(path: string): Promise<string> {
  return new Promise((done, refuse) => {
    const call = request({ socketPath: `${scene.gateway.state}/run/admin.sock`, path }, async (response) => {
      let text = "";
      for await (const part of response) text += String(part);
      done(text);
    });
    call.on("error", refuse);
    call.end();
  });
}

test("a request passes through Envoy and the filter, is recorded with its id, and explained", async () => {
  const answer = await get("/one");
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.server, undefined, "no server is named");
  const id = answer.headers["x-postern-decision"] ?? "";
  assert.match(id, /^[0-9a-f]{32}$/);
  const record = await scene.gateway.waitForRecord(id);
  assert.equal(record.effect, "permit");
  assert.equal(record.route, "first");
  assert.deepEqual(record.response, { status: 200, bytes: Buffer.byteLength(answer.body), ended: null });
  const { output, ended } = runPostern(["explain", id, "--state", scene.gateway.state]);
  assert.equal(await ended, 0, output());
  assert.match(output(), /route first, rung prevent/);
});

test("the record of a denial has the status and size of the reply", async () => {
  const denied = await get("/none");
  assert.equal(denied.status, 403);
  const record = await scene.gateway.waitForRecord(denied.headers["x-postern-decision"] ?? "");
  assert.deepEqual(record.response, { status: 403, bytes: Buffer.byteLength(denied.body), ended: null });
});

test("Envoy's access log has the decision's id, effect, reason and route", async () => {
  const ids = (await Promise.all([get("/one"), get("/none")])).map(
    ({ headers }) => headers["x-postern-decision"] ?? "",
  );
  const text = await eventually(
    () => readFile(join(scene.gateway.state, "log", "access.log"), "utf8"),
    (log) => ids.every((id) => log.includes(id)),
  );
  const told = text
    .split("\n")
    .flatMap((line) => (line === "" ? [] : [(JSON.parse(line) as { decision: string }).decision]));
  assert.ok(told.includes(`${ids[0]} permit permitted first`), text);
  assert.ok(told.includes(`${ids[1]} deny route_not_found -`), text);
});

test("one process of the gateway, the sidecar, names it in its command line", async () => {
  const members = await scene.gateway.members();
  const named = members.filter(({ command }) => command.includes("sidecar"));
  assert.equal(named.length, 1, JSON.stringify(members));
  assert.ok(named[0]?.command.endsWith("--config sidecar.json"), named[0]?.command);
  assert.ok(members.some(({ command }) => command.includes("envoy.json")));
});

test("the filter's counters have route, effect and reason as labels", async () => {
  await get("/labels");
  // Envoy merges the workers' histograms every five seconds.
  const metrics = await eventually(
    () => admin("/stats/prometheus?filter=wasmcustom"),
    (text) => /_bucket\{stage="policy",le="\d+"\} [1-9]/.test(text),
  );
  assert.match(metrics, /^postern_decisions\{route="-",effect="deny",reason="route_not_found"\} [1-9]/m);
});

test("a valid change of the policy comes in force, an invalid one leaves the last good one", async (context) => {
  assert.equal((await get("/two")).status, 403);
  await writeFile(scene.gateway.policyPath, policy("/two"));
  const changed = Date.now();
  await eventually(
    () => get("/two"),
    ({ status }) => status === 200,
  );
  context.diagnostic(`in force after ${Date.now() - changed} ms`);
  assert.equal((await get("/one")).status, 403);

  await writeFile(scene.gateway.policyPath, policy("/three").replace("public: true", "pubic: true"));
  await eventually(scene.gateway.output, (text) => text.includes("the last good policy stays in force"));
  assert.match(scene.gateway.output(), /policy\.yaml:\d+:\d+: .*pubic/);
  assert.equal((await get("/two")).status, 200);

  await writeFile(scene.gateway.policyPath, policy("/one"));
  await eventually(
    () => get("/one"),
    ({ status }) => status === 200,
  );
});

test("an Envoy that is killed is started again, and the log says with which record its worker ended", async () => {
  // Self-tests begin when the workers have shown themselves.
  await eventually(hasSelfTest, (tested) => tested, 60_000);
  const { worker, sequence } = await scene.gateway.waitForRecord(
    (await get("/one")).headers["x-postern-decision"] ?? "",
  );
  process.kill(await scene.gateway.envoyPid(), "SIGKILL");
  await eventually(
    () => get("/one").catch(() => ({ status: 0 })),
    ({ status }) => status === 200,
  );
  const { last } = await eventually(
    async () => (await endedWorkers()).find((ended) => ended.worker === worker) ?? { last: 0 },
    (ended) => ended.last > 0,
    60_000,
  );
  assert.ok(last >= sequence, `${last} of ${sequence}`);
  const keys = await readStateKeys(scene.gateway.state);
  const { problem, ended } = await verifyLog(join(scene.gateway.state, "log"), keys);
  assert.equal(problem, null);
  assert.ok(ended >= 1);
});

async function hasSelfTest(): Promise<boolean> {
  for await (const { selfTest } of readLogLines(scene.gateway.state)) if (typeof selfTest === "object") return true;
  return false;
}

async function endedWorkers(): Promise<{ worker: string; last: number }[]> {
  const found: { worker: string; last: number }[] = [];
  for await (const { ended } of readLogLines(scene.gateway.state)) {
    if (ended !== undefined) found.push(ended as { worker: string; last: number });
  }
  return found;
}

test("a sidecar that is killed is started again", async () => {
  const first = await scene.gateway.sidecarPid();
  process.kill(first, "SIGKILL");
  assert.equal((await get("/one")).status, 200);
  await eventually(
    async () =>
      (await scene.gateway.members()).filter(({ command }) => command.includes("sidecar")).map(({ pid }) => pid),
    (pids) => pids.length === 1 && pids[0] !== first,
  );
});

test("a second gateway on the same state folder is refused", async () => {
  const { output, ended } = runPostern(["up", "--upstream", scene.upstream.url.origin, "--state", scene.gateway.state]);
  assert.equal(await ended, 1);
  assert.match(output(), /in use by the gateway with process id \d+.*--state DIR/);
});

test("an address that was given and is taken is an error, and nothing is left running", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  try {
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { output, ended, members } = runPostern([
      ...[
        "up",
        "--upstream",
        scene.upstream.url.origin,
        "--listen",
        address,
        "--state",
        `${scene.gateway.state}/second`,
      ],
    ]);
    assert.equal(await ended, 1);
    assert.match(output(), new RegExp(`--listen ${address} is taken`));
    assert.deepEqual(await members(), []);
  } finally {
    server.close();
  }
});

test("a policy that can't be taken is refused with every problem, and nothing is left running", async () => {
  const path = `${scene.gateway.state}/bad.yaml`;
  await writeFile(path, policy("one").replace("version: 1", "version: 2"));
  const { output, ended, members } = runPostern([
    ...["up", "--upstream", scene.upstream.url.origin, "--policy", path, "--state", `${scene.gateway.state}/third`],
  ]);
  assert.equal(await ended, 1);
  assert.ok((output().match(/bad\.yaml:\d+:\d+:/g) ?? []).length >= 2, output());
  assert.deepEqual(await members(), []);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`without a policy everything passes and is observed; ${signal} ends every process`, async () => {
    const observing = await startTestGateway({ upstream: scene.upstream.url });
    const answer = await get("/anything?q=%3Cscript%3Ealert(1)%3C/script%3E", observing.url);
    assert.equal(answer.status, 200);
    const record = await observing.waitForRecord(answer.headers["x-postern-decision"] ?? "");
    assert.equal(record.rung, "observe");
    assert.equal(record.effect, "permit");
    const members = await observing.members();
    assert.ok(members.length >= 3, JSON.stringify(members));
    assert.equal(await observing.stop(signal), 0);
    assert.deepEqual(await observing.members(), []);
  });
}

test("a gateway that is killed takes its processes with it", {
  skip: findOnPath("setpriv") === null && "setpriv (util-linux) is not on PATH",
}, async () => {
  const killed = await startTestGateway({ upstream: scene.upstream.url });
  process.kill(killed.pid, "SIGKILL");
  await eventually(
    () => killed.members(),
    (members) => members.length === 0,
  );
  await killed.stop();
});
