import assert from "node:assert/strict";
import { test } from "node:test";
import { playedScene } from "./played-scene.ts";

const policy = `
version: 1
routes:
  - { name: asked, match: { path: /asked }, public: true, score: { ask: always, deadline: 20ms, onUnavailable: open } }
`;
/** More than Node's HTTP/2 server lets a client give up at once on a connection: it closes that then. */
const CALLS = 4_000;
const LANES = 100;

const scene = playedScene(policy, () => {});

test("calls that are given up at their deadline, however many, have no other call cut off", {
  timeout: 60_000,
}, async () => {
  let left = CALLS;
  const lane = async () => {
    while (left-- > 0) {
      const response = await fetch(`${scene.gate.url}/asked?q=tea`);
      await response.arrayBuffer();
      assert.equal(response.status, 200);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  assert.equal(scene.upstream.requests.length, CALLS);
  const stat = (name: string) => scene.gate.envoy.stat(`cluster.postern_sidecar.${name}`);
  assert.equal(await stat("upstream_rq_timeout"), CALLS);
  assert.equal(await stat("upstream_cx_close_notify"), 0);
  assert.equal(await stat("upstream_rq_503"), 0);
});
