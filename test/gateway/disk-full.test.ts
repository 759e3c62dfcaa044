import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { readStateKeys } from "../../scripts/decision-log/public-key.ts";
import { verifyLog } from "../../scripts/decision-log/verify.ts";
import { eventually } from "../harness/eventually.ts";
import { runPostern } from "../harness/gateway.ts";
import { gatewayScene } from "./scene.ts";

const policy = (log: string) => `
version: 1
log: ${log}
routes:
  - { name: plain, match: { path: /plain/** }, public: true, score: off }
  - { name: observed, match: { path: /observed/** }, public: true, mode: observe, score: off }
`;

const scene = gatewayScene({ policy: policy("batched") });

async function send(path: string): Promise<{ status: number; id: string }> {
  const response = await fetch(`${scene.gateway.url}${path}`, { signal: AbortSignal.timeout(10_000) });
  await response.arrayBuffer();
  return { status: response.status, id: response.headers.get("x-postern-decision") ?? "" };
}

/** A disk without room, as the sidecar meets it: each write to a file fails (RLIMIT_FSIZE; Node ignores its signal). */
async function room(bytes: "1" | "unlimited"): Promise<void> {
  await promisify(execFile)("prlimit", [
    "--pid",
    String(await scene.gateway.sidecarPid()),
    `--fsize=${bytes}:unlimited`,
  ]);
}

/** The routes that the ladder knows. */
async function routes(): Promise<string> {
  const command = runPostern(["route", "list", "--state", scene.gateway.state]);
  await command.ended;
  return command.output();
}

async function logErrors(): Promise<number> {
  const page = await (await fetch(new URL("/metrics", scene.gateway.dashboardUrl))).text();
  return Number(/^postern_sidecar_log_errors_total (\d+)$/m.exec(page)?.[1]);
}

test("batched: requests go on, the failure is counted, and the records come when there is room again", {
  timeout: 90_000,
}, async () => {
  const errors = await logErrors();
  const pid = await scene.gateway.sidecarPid();
  await room("1");
  const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => send(`/plain/${index}`)));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  assert.equal(scene.upstream.arrivals.length, 20);
  await eventually(logErrors, (count) => count > errors);
  await room("unlimited");
  for (const { id } of answers) assert.equal((await scene.gateway.waitForRecord(id)).effect, "permit");
  assert.equal(await scene.gateway.sidecarPid(), pid, "the sidecar lives on");
});

test("required: from detect up nobody passes unrecorded; with room again they do, and the chain is whole", {
  timeout: 90_000,
}, async () => {
  const errors = await logErrors();
  const before = (await scene.gateway.waitForRecord((await send("/plain/first")).id)).policy;
  await writeFile(scene.gateway.policyPath, policy("required"));
  // Envoy's worker has it a moment after Envoy says so.
  await eventually(
    async () => (await scene.gateway.waitForRecord((await send("/plain/before")).id)).policy,
    (policy) => policy !== before,
  );
  const pid = await scene.gateway.sidecarPid();
  await room("1");
  // Log and store, which follow the policy, can't; nor can that be said in the sidecar's own log, which is on that disk.
  await writeFile(scene.gateway.policyPath, policy("required").replace("plain,", "flat,"));
  await eventually(logErrors, (count) => count > errors);
  const seen = scene.upstream.arrivals.length;
  assert.equal((await send("/plain/full")).status, 503);
  assert.equal((await send("/observed/full")).status, 200);
  assert.deepEqual(scene.upstream.arrivals.slice(seen), ["GET /observed/full"]);
  await room("unlimited");
  await eventually(
    () => send("/plain/after"),
    ({ status }) => status === 200,
  );
  assert.equal(await scene.gateway.sidecarPid(), pid, "the sidecar lives on");
  assert.match(await eventually(routes, (text) => text.includes("flat")), /flat +prevent/);
  const keys = await readStateKeys(scene.gateway.state);
  const { problem, missing, lost } = await verifyLog(join(scene.gateway.state, "log"), keys);
  assert.deepEqual({ problem, missing, lost }, { problem: null, missing: 0, lost: 0 });
});
