import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { emulated, missingForArm64, sidecarForArm64 } from "../harness/arm64.ts";
import { startEnvoy, type TestEnvoy } from "../harness/envoy.ts";
import { eventually } from "../harness/eventually.ts";
import { findRecord } from "../harness/record.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { ask, visits } from "./ask.ts";
import { type ForeignPolicy, makeForeignPolicy, readJson } from "./foreign-policy.ts";
import { spawnRenderedSidecar, untilServing } from "./rendered-sidecar.ts";

/** Emulated, a start takes tens of seconds. */
const startMillis = 240_000;

let place: ForeignPolicy | null = null;
let upstream: RecordingUpstream | null = null;
let envoy: TestEnvoy | null = null;
let sidecar: ChildProcess | null = null;
let folder = "";

after(async () => {
  delete process.env.ENVOY_BIN;
  await envoy?.stop();
  sidecar?.kill("SIGKILL");
  await upstream?.stop();
  await place?.remove();
  if (folder !== "") await rm(folder, { recursive: true });
});

test("Envoy with the filter and the sidecar with its model, both for arm64, decide as the policy says", {
  skip: missingForArm64() ?? false,
  timeout: 600_000,
}, async (t) => {
  folder = await mkdtemp(join(tmpdir(), "arm64-"));
  place = await makeForeignPolicy();
  upstream = await startRecordingUpstream();
  const out = await place.render("envoy", "envoy", "--upstream", upstream.url.origin, "--listen", "127.0.0.1:0");
  process.env.ENVOY_BIN = await emulated("envoy", folder);
  const node = await emulated("node", folder);
  const started = performance.now();
  const since = () => `${Math.round((performance.now() - started) / 1000)} s`;
  const configuration = { limits: { inferenceMs: 60_000 } };
  sidecar = await spawnRenderedSidecar(out, { configuration, node, main: await sidecarForArm64(folder) });
  envoy = await startEnvoy(() => readJson(join(out, "envoy.json")), { startMillis });
  t.diagnostic(`Envoy started after ${since()}`);
  await untilServing(sidecar, out, startMillis);
  t.diagnostic(`the sidecar serves after ${since()}`);
  const port = await envoy.port("edge");
  for (const [wish, status, reason] of await visits(place)) {
    const told = await ask(place, port, wish);
    assert.deepEqual([told.status, told.reason], [status, reason], JSON.stringify(wish));
  }
  t.diagnostic(`the visits were over after ${since()}`);
  const attack = encodeURIComponent("1' UNION SELECT password FROM users-- -");
  for (const [query, status] of [
    ["coffee", 200],
    [attack, 403],
  ] as const) {
    const { status: got, decision } = await ask(place, port, { path: `/weighed?q=${query}` });
    assert.equal(got, status);
    const record = await eventually(
      () => findRecord(join(out, "state"), decision),
      (found) => found !== null,
    );
    assert.equal(record?.score.by, "model");
  }
});
