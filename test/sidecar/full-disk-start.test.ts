import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { policyForSidecar } from "../../inference-sidecar/src/policy-source.ts";
import { readStateKeys } from "../../scripts/decision-log/public-key.ts";
import { verifyLog } from "../../scripts/decision-log/verify.ts";
import { askSidecar } from "../../scripts/gateway/ask-sidecar.ts";
import { loadPolicyWithBundle } from "../../scripts/model/load-policy.ts";
import { digest, logLines, type RunningSidecar, startSidecar, temporaryFolder, until, wireRecord } from "./harness.ts";

const policy = `
version: 1
mode: detect
routes:
  - { name: shop, match: { path: /shop }, public: true, ladder: { floor: observe, ceiling: prevent } }
`;
const worker = randomBytes(16);

let state = "";
let sidecar: RunningSidecar;

before(async () => {
  state = await temporaryFolder();
  await mkdir(join(state, "run"), { mode: 0o700 });
  await writeFile(join(state, "policy.yaml"), policy);
  const { policy: loaded } = await loadPolicyWithBundle(join(state, "policy.yaml"));
  const told = policyForSidecar(loaded, createHash("sha256").update(policy).digest("hex"));
  await writeFile(join(state, "run", "policy.json"), told);
});
after(async () => {
  await sidecar?.stop();
  await rm(state, { recursive: true, force: true });
});

function report(sequence: number, timeoutMs?: number): Promise<{ acknowledged: number }> {
  const usual = { timeUnixMs: Date.now(), route: "shop", rung: "DETECT", effect: "PERMIT", reason: "permitted" };
  const records = [wireRecord({ sequence, decisionId: randomBytes(16), ...usual })];
  const call = { worker, policyDigest: randomBytes(32), bundleDigest: digest, lost: 0, records };
  return sidecar.client.report(call, timeoutMs);
}

async function rung(): Promise<unknown> {
  const { routes } = (await askSidecar(state, "route/list", {}, null)) as { routes: { rung: string }[] };
  return routes[0]?.rung;
}

test("a start on a full disk scores and goes by what is remembered; what it could not write is written when there is room", {
  timeout: 120_000,
}, async () => {
  sidecar = await startSidecar({ state });
  await sidecar.event("listening");
  await report(1);
  await askSidecar(state, "route/demote", { route: "shop" }, null);
  const synced = await readFile(join(state, "run", "sync-state.bin"));
  await sidecar.kill();

  sidecar = await startSidecar({ state, shell: "ulimit -S -f 0" });
  await sidecar.event("listening");
  await sidecar.event("model_ready");
  assert.equal((await sidecar.client.score(["a"])).scores.length, 1);
  assert.equal(await rung(), "observe");
  await assert.rejects(report(2));
  assert.deepEqual(await readFile(join(state, "run", "sync-state.bin")), synced);

  await promisify(execFile)("prlimit", ["--pid", String(sidecar.child.pid), "--fsize=unlimited:unlimited"]);
  await report(2);
  await until("the state is beside the policy", async () => {
    return !(await readFile(join(state, "run", "sync-state.bin"))).equals(synced);
  });
  assert.deepEqual(
    (await logLines(state)).map(({ sequence }) => sequence),
    [1, 2],
  );
  const { problem, missing, lost } = await verifyLog(join(state, "log"), await readStateKeys(state));
  assert.deepEqual({ problem, missing, lost }, { problem: null, missing: 0, lost: 0 });
});
