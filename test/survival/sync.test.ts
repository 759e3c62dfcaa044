import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../harness/eventually.ts";
import { largestState } from "../harness/largest-state.ts";
import { playedScene } from "./played-scene.ts";
import { answer, begin, benign, frame, type PlayedSidecar, playSidecar, syncResponse } from "./played-sidecar.ts";

const policy = `
version: 1
mode: prevent
routes:
  - { name: all, match: { path: /** }, public: true, score: off }
`;
/** Two workers, and the main thread's VM, which has no traffic. */
const vms = 3;

const scene = playedScene(policy, benign, 2);

/** Has the sidecar give this state to whoever has another. */
function give(state: { version: number; [section: string]: unknown }): void {
  scene.sidecar.sync = (stream, version) =>
    answer(stream, version === state.version ? Buffer.alloc(0) : syncResponse(state));
}

const everyWorkerHas = (version: number) =>
  eventually(
    () => [...scene.sidecar.workers.values()],
    (versions) => versions.length === vms && versions.every((one) => one === version),
  );

test("a state reaches every worker", async (context) => {
  await everyWorkerHas(0);
  for (const version of [1, 5]) {
    const given = performance.now();
    give({ version });
    // A worker asks every 0.4 s, and once more at once when it has another state.
    await everyWorkerHas(version);
    context.diagnostic(`told after ${Math.round(performance.now() - given)} ms`);
  }
});

test("so does the largest one", async () => {
  give({ version: 7, ...largestState() });
  await everyWorkerHas(7);
});

test("an answer that the sidecar keeps until there is something new is waited for", async () => {
  const kept: Parameters<PlayedSidecar["sync"]>[0][] = [];
  scene.sidecar.sync = (stream) => kept.push(stream);
  await eventually(
    () => kept,
    ({ length }) => length >= vms,
  );
  scene.sidecar.sync = (stream) => answer(stream, Buffer.alloc(0));
  for (const stream of kept) if (!stream.closed) answer(stream, syncResponse({ version: 2 }));
  await everyWorkerHas(2);
});

const route = { route: "all", mode: "PREVENT", rung: "PREVENT", canary: null, modelDenyMillionths: 0 };
const canary = { rung: "PREVENT", shareMillionths: 10, salt: Buffer.alloc(16) };
const noStates: readonly [name: string, response: Buffer][] = [
  ["has no version", syncResponse({ version: 0, routes: [route] })],
  ["names a route twice", syncResponse({ version: 9, routes: [route, route] })],
  ["has its routes out of order", syncResponse({ version: 9, routes: [route, { ...route, route: "alb" }, route] })],
  ["names no route", syncResponse({ version: 9, routes: [{ ...route, route: "" }] })],
  ["has a rung that is none", syncResponse({ version: 9, routes: [{ ...route, rung: 4 }] })],
  ["has a threshold over 1", syncResponse({ version: 9, routes: [{ ...route, modelDenyMillionths: 1_000_001 }] })],
  [
    "has a share over 1",
    syncResponse({ version: 9, routes: [{ ...route, canary: { ...canary, shareMillionths: 2e6 } }] }),
  ],
  [
    "has a short salt",
    syncResponse({ version: 9, routes: [{ ...route, canary: { ...canary, salt: Buffer.alloc(8) } }] }),
  ],
  ["is cut off", syncResponse({ version: 9, routes: [route] }).subarray(0, -1)],
  ["is noise", Buffer.alloc(64, 0xff)],
];
for (const [name, response] of noStates) {
  test(`a state that ${name} is not taken, the last one stays`, async () => {
    let asked = 0;
    scene.sidecar.sync = (stream) => {
      asked += 1;
      answer(stream, response);
    };
    await eventually(
      () => asked,
      (times) => times > 2 * vms,
    );
    assert.deepEqual([...new Set(scene.sidecar.workers.values())], [2]);
  });
}

test("a call that is never answered is given up, and a state without end is not taken in", {
  timeout: 30_000,
}, async () => {
  for (const fault of ["silence", "flood"] as const) {
    let asked = 0;
    scene.sidecar.sync = (stream) => {
      asked += 1;
      if (fault === "flood") begin(stream, frame(Buffer.alloc(1024), 512 * 1024 * 1024));
    };
    await eventually(
      () => asked,
      (times) => times > 2 * vms,
    );
  }
  give({ version: 3, routes: [route] });
  await everyWorkerHas(3);
  assert.equal((await fetch(`${scene.gate.url}/a`)).status, 200);
});

test("a sidecar that is new finds the workers with the last state, whatever policies came meanwhile", async () => {
  await scene.sidecar.stop();
  await scene.gate.change(policy.replace("score: off", "score: headers"));
  scene.sidecar = await playSidecar(scene.gate.sidecarSocket, benign);
  await everyWorkerHas(3);
});
