import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { request } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { buildFilter } from "../../scripts/build/filter.ts";
import { projectRoot } from "../../scripts/project-root.ts";
import { eventually } from "../harness/eventually.ts";
import { releaseIn, writePolicyBy } from "../harness/former-release.ts";
import { otherBytes } from "../harness/other-bytes.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { type Enforcement, startEnforcement } from "./enforcement.ts";
import { benign, end, type PlayedSidecar, playSidecar } from "./played-sidecar.ts";

const policy = (route: string) => `
version: 1
mode: prevent
routes: [{ name: ${route}, match: { path: /** }, public: true, score: off }]
`;

let upstream: RecordingUpstream;
let gate: Enforcement;
let sidecar: PlayedSidecar;

before(
  async () => {
    upstream = await startRecordingUpstream();
    gate = await startEnforcement({ upstream: upstream.url, policy: policy("open") });
  },
  { timeout: 120_000 },
);
beforeEach(async () => {
  await sidecar?.stop();
  sidecar = await playSidecar(gate.sidecarSocket, benign);
});
after(async () => {
  await gate.stop();
  await sidecar.stop();
  await upstream.stop();
});

/** One request at a time, each until it is reported, so that each has a report of its own. */
async function report(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await sidecar.record(await ask());
}

async function ask(): Promise<string> {
  const response = await fetch(gate.url);
  await response.arrayBuffer();
  assert.equal(response.status, 200);
  return response.headers.get("x-postern-decision") ?? "";
}

const calls = () => sidecar.reportCalls.length;

test("the first report has a call of its own, those after it share one", async () => {
  await report(6);
  assert.equal(calls(), 2);
});

test("a sidecar that takes one report a call, of the release before, gets each on its own", async () => {
  sidecar.takesMore = false;
  await report(4);
  assert.ok(calls() >= 4, `${calls()} calls`);
});

test("a call that the sidecar ends is followed by another, and by the next sidecar", async () => {
  await report(3);
  assert.equal(calls(), 2);
  end(sidecar.reportCalls[1] as ServerHttp2Stream);
  await report(3);
  assert.equal(calls(), 4);
  await sidecar.stop();
  sidecar = await playSidecar(gate.sidecarSocket, benign);
  await report(3);
  assert.equal(calls(), 2);
});

test("a report that is not answered is given up, and its records come again on another call", async () => {
  await report(3);
  sidecar.acknowledges = false;
  const id = await ask();
  await sidecar.record(id);
  const silent = sidecar.reportCalls[1];
  await eventually(
    () => silent?.aborted,
    (aborted) => aborted === true,
  );
  sidecar.acknowledges = true;
  await report(2);
  assert.ok(calls() > 2);
});

test("policies that take each other's place, streams going on under the former ones: nothing is lost", async () => {
  await report(3);
  for (const route of ["second", "third", "open"]) {
    // Its root context stays as long as it does.
    const upload = request(gate.url, { method: "POST", headers: { "content-length": 2 } }).on("error", () => {});
    const answered = new Promise((resolve) => upload.on("response", (response) => resolve(response.resume())));
    upload.write("a");
    await gate.change(policy(route));
    await report(6);
    upload.end("b");
    await answered;
    await report(3);
  }
  assert.doesNotMatch(await gate.envoy.log(), /unreachable|out of bounds|Function: \w+ failed/);
});

test("what a VM had on its way when another module took its place, all of it comes through the other one", async () => {
  await sidecar.stop();
  const ids: string[] = [];
  for (let i = 0; i < 26; i++) ids.push(...(await Promise.all(Array.from({ length: 50 }, ask))));
  sidecar = await playSidecar(gate.sidecarSocket, benign);
  sidecar.acknowledges = false;
  await Promise.all(ids.map((id) => sidecar.record(id)));
  await sidecar.stop();
  const wasmFile = join(gate.envoy.folder, "other.wasm");
  await writeFile(wasmFile, otherBytes(await readFile(await buildFilter(() => {}))));
  const now = releaseIn(projectRoot);
  await gate.change(policy("moved"), (text, folder) => writePolicyBy({ ...now, wasmFile }, text, folder));
  sidecar = await playSidecar(gate.sidecarSocket, benign);
  await ask();
  const missing = await eventually(
    () => ids.filter((id) => !sidecar.records.has(id)).length,
    (count) => count === 0,
  );
  assert.equal(missing, 0);
});
