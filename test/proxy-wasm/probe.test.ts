import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { bodyCases } from "./cases/bodies.ts";
import { callOutCases } from "./cases/call-outs.ts";
import { configurationCases } from "./cases/configuration.ts";
import { fakeHostCases } from "./cases/fake-host.ts";
import { headerCases } from "./cases/headers.ts";
import { hostCallCases } from "./cases/host-calls.ts";
import { memoryCases } from "./cases/memory.ts";
import type { Scene } from "./cases/scene.ts";
import { workerCases } from "./cases/workers.ts";
import { startProbe, startSurroundings } from "./probe-gateway.ts";

const TRAP = /unreachable|out of bounds|Function: \w+ failed/;

describe("proxy-wasm-as", () => {
  const scene = {} as Scene;

  before(async () => {
    scene.surroundings = await startSurroundings();
    scene.envoy = await startProbe(scene.surroundings, { env: { PROBE_HOST: "from host" } });
    scene.port = await scene.envoy.port("gateway");
  });

  after(async () => {
    await scene.envoy?.stop();
    await scene.surroundings?.close();
  });

  describe("through a real Envoy", () => {
    headerCases(scene);
    bodyCases(scene);
    callOutCases(scene);
    hostCallCases(scene);
    memoryCases(scene);
    workerCases(scene);
    configurationCases(scene, TRAP);

    test("nothing of all that has trapped", async () => {
      assert.doesNotMatch(await scene.envoy.log(), TRAP);
    });
  });

  describe("against a fake host", () => fakeHostCases(scene));
});
