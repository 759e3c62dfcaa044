import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Models } from "../../inference-sidecar/src/models/models.ts";
import { syncHandler } from "../../inference-sidecar/src/sync/sync.ts";
import { SyncWorkers } from "../../inference-sidecar/src/sync/sync-workers.ts";
import { SyncedState } from "../../inference-sidecar/src/sync/synced-state.ts";
import { loadService, syncEncoder } from "../../inference-sidecar/src/wire.ts";
import { largestState } from "../harness/largest-state.ts";
import { protoPath, temporaryFolder } from "./harness.ts";

/** Longer than any test may take. */
const LONG_MS = 600_000;

async function stateOf(t: TestContext, encode: (_: object) => Buffer = () => Buffer.alloc(0)): Promise<SyncedState> {
  const folder = await temporaryFolder();
  t.after(() => rm(folder, { recursive: true }));
  const state = new SyncedState(encode, join(folder, "sync-state.bin"));
  await state.set("selfTestKey", randomBytes(32));
  return state;
}

function ask(state: SyncedState, version: number, waitMs: number) {
  const models = { name: () => null } as unknown as Models;
  const handle = syncHandler(state, new SyncWorkers(() => undefined), models, async () => undefined);
  const request = { worker: Buffer.alloc(16), policyDigest: Buffer.alloc(32), bundleDigest: Buffer.alloc(32), version };
  const { signal } = new AbortController();
  const context = { signal, deadline: Number.POSITIVE_INFINITY };
  return handle({ ...request, unknownKeyIssuer: "", unknownKid: "", memory: null, waitMs }, context);
}

test("who has another state is answered at once, who has the current one when that changes", {
  timeout: 60_000,
}, async (t) => {
  const state = await stateOf(t);
  const { version } = state;
  await state.isNotCurrent(version - 1, LONG_MS);
  assert.equal((await ask(state, version - 1, LONG_MS)).state?.version, version);
  const changed = [state.isNotCurrent(version, LONG_MS), state.isNotCurrent(version, LONG_MS)];
  await state.set("selfTestKey", randomBytes(32));
  await Promise.all(changed);
  assert.equal((await ask(state, version, LONG_MS)).state?.version, state.version);
});

test("whatever a worker would wait, without a change it is answered: there is none", { timeout: 60_000 }, async (t) => {
  const state = await stateOf(t);
  for (const waitMs of [0, 1, LONG_MS]) assert.deepEqual(await ask(state, state.version, waitMs), { takesMore: true });
});

test("whatever a policy, its issuers and operators may have together is told to the workers", async (t) => {
  const state = await stateOf(t, syncEncoder(loadService(protoPath, {})));
  const { routes, keys, revocations } = largestState();
  await state.set("routes", routes);
  await state.set("keys", keys);
  await state.set("revocations", revocations);
  assert.deepEqual(state.since(0).state?.routes, routes);
});

test("a sidecar that ends keeps nobody waiting", { timeout: 60_000 }, async (t) => {
  const state = await stateOf(t);
  const waiting = state.isNotCurrent(state.version, LONG_MS);
  state.close();
  await waiting;
  await state.isNotCurrent(state.version, LONG_MS);
});
