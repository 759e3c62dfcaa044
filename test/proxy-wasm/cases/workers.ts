import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../../harness/eventually.ts";
import { startProbe } from "../probe-gateway.ts";
import { send } from "../send.ts";
import type { Scene } from "./scene.ts";

export function workerCases(scene: Scene): void {
  test("what one worker shares the other reads", async () => {
    const envoy = await startProbe(scene.surroundings, { concurrency: 2 });
    try {
      const port = await envoy.port("gateway");
      const set = await send(port, "/host/shared-set", { headers: { "x-a": "across", "x-b": "workers" } });
      assert.equal(set.body, "0");
      const other = await eventually(
        () => send(port, "/host/shared-get", { headers: { "x-a": "across" } }),
        ({ headers }) => headers["x-worker"] !== set.headers["x-worker"],
      );
      assert.equal(other.body, "0 workers");
    } finally {
      await envoy.stop();
    }
  });
}
