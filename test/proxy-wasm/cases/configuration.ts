import assert from "node:assert/strict";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { startEnvoy, type TestEnvoy } from "../../harness/envoy.ts";
import { eventually } from "../../harness/eventually.ts";
import { listener, wasmConfig } from "../probe-bootstrap.ts";
import { send } from "../send.ts";
import type { Scene } from "./scene.ts";

const TYPE = "type.googleapis.com/";
const LISTENER = `${TYPE}envoy.config.listener.v3.Listener`;
const EXTENSION = `${TYPE}envoy.config.core.v3.TypedExtensionConfig`;
const NODE = { id: "probe", cluster: "probe" };
/** Envoy's main thread and its one worker. (The context that tries a configuration out goes with its VM, untold.) */
const ROOTS = 2;

/** Envoy sees a file of resources when another is moved to its place. */
async function push(path: string, version: string, resource: object): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify({ version_info: version, resources: [resource] }));
  await rename(`${path}.new`, path);
}

/** Waits for the version to answer; Envoy may refuse a connection while listeners change hands. */
async function untilVersion(port: () => Promise<number>, version: string): Promise<void> {
  const ask = async () => (await send(await port(), "/echo")).headers["x-version"];
  await eventually(
    () => ask().catch(() => undefined),
    (answered) => answered === version,
  );
}

/** A request that waits for the oracle while the configuration changes. */
function waitingRequest(port: number): Promise<string> {
  const headers = { "x-cluster": "oracle", "x-message": "hold", "x-timeout": "60000" };
  return send(port, "/grpc", { headers }).then(({ body }) => body);
}

export function configurationCases(scene: Scene, trap: RegExp): void {
  const changeWhileWaiting = async (envoy: TestEnvoy, change: (version: string) => Promise<void>) => {
    const { oracle } = scene.surroundings;
    const port = () => envoy.port("gateway");
    await untilVersion(port, "v1");
    const waiting = waitingRequest(await port());
    await eventually(
      () => oracle.held,
      (held) => held === 1,
    );
    await change("v2");
    await untilVersion(port, "v2");
    oracle.release();
    assert.equal(await waiting, "message released");
    await change("v3");
    await untilVersion(port, "v3");
    await eventually(
      () => envoy.stat("wasmcustom.probe.deleted_roots"),
      (deleted) => deleted === 2 * ROOTS,
    );
    assert.doesNotMatch(await envoy.log(), trap);
  };

  test("a listener pushed by file (LDS) takes over without a trap, and the old root contexts go", async () => {
    const filter = (configuration: string) => ({
      name: "probe",
      typed_config: wasmConfig({ wasm: scene.surroundings.wasm, configuration }),
    });
    const resource = (configuration: string) => ({ "@type": LISTENER, ...listener(filter(configuration)) });
    const envoy = await startEnvoy(
      async (folder) => {
        const path = join(folder, "lds.json");
        await push(path, "v1", resource("v1"));
        return {
          node: NODE,
          dynamic_resources: { lds_config: { path_config_source: { path } } },
          static_resources: { clusters: scene.surroundings.clusters },
        };
      },
      { args: ["--drain-time-s", "1"] },
    );
    try {
      await changeWhileWaiting(envoy, (version) => push(join(envoy.folder, "lds.json"), version, resource(version)));
    } finally {
      await envoy.stop();
    }
  });

  test("a filter pushed by file (ECDS) takes over; a refused one leaves the last good one", async () => {
    const resource = (configuration: string) => ({
      "@type": EXTENSION,
      name: "probe",
      typed_config: wasmConfig({ wasm: scene.surroundings.wasm, configuration }),
    });
    const envoy = await startEnvoy(async (folder) => {
      const path = join(folder, "ecds.json");
      await push(path, "v1", resource("v1"));
      const filter = {
        name: "probe",
        config_discovery: {
          config_source: { path_config_source: { path } },
          type_urls: [`${TYPE}envoy.extensions.filters.http.wasm.v3.Wasm`],
        },
      };
      return { node: NODE, static_resources: { listeners: [listener(filter)], clusters: scene.surroundings.clusters } };
    });
    try {
      const path = join(envoy.folder, "ecds.json");
      await changeWhileWaiting(envoy, (version) => push(path, version, resource(version)));
      const refusals = "extension_config_discovery.http_filter.probe.config_fail";
      const rejected = "extension_config_discovery.http_filter.probe.update_rejected";
      await push(path, "v4", resource("refused"));
      await eventually(
        async () => (await envoy.stat(refusals)) + (await envoy.stat(rejected)),
        (count) => count >= 1,
      );
      assert.equal((await send(await envoy.port("gateway"), "/echo")).headers["x-version"], "v3");
    } finally {
      await envoy.stop();
    }
  });
}
