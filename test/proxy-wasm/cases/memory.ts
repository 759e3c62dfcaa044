import assert from "node:assert/strict";
import { Agent } from "node:http";
import { test } from "node:test";
import { eventually } from "../../harness/eventually.ts";
import { send } from "../send.ts";
import type { Scene } from "./scene.ts";

const WARM_UP = 2_000;
const REQUESTS = 20_000;
const CONNECTIONS = 8;

export function memoryCases(scene: Scene): void {
  test(`the memory of the VM stays flat over ${REQUESTS} requests`, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    const headers = { "x-value": "v".repeat(1_000), "x-a": "memory" };
    const paths = ["/list", "/host/metrics", "/deny", "/host/shared-cas"];
    const sendMany = async (count: number) => {
      let next = 0;
      const one = async () => {
        while (next < count) await send(scene.port, paths[next++ % paths.length] as string, { headers, agent });
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, one));
    };
    try {
      await sendMany(WARM_UP);
      const warm = await scene.envoy.stat("wasmcustom.probe.pages");
      await sendMany(REQUESTS);
      assert.equal(await scene.envoy.stat("wasmcustom.probe.pages"), warm);
    } finally {
      agent.destroy();
    }
    await eventually(
      () => scene.envoy.stat("wasmcustom.probe.live"),
      (live) => live === 0,
    );
  });
}
