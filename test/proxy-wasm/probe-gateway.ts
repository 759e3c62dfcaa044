import { mkdtemp, rm } from "node:fs/promises";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileFilter } from "../harness/compile-filter.ts";
import { type EnvoyOptions, startEnvoy, type TestEnvoy } from "../harness/envoy.ts";
import { startEchoUpstream } from "./echo-upstream.ts";
import { type Oracle, startOracle } from "./oracle.ts";
import { clusters, type FilterConfig, listener, wasmConfig } from "./probe-bootstrap.ts";

/** What the probe runs between: compiled once, each Envoy starts on it. */
export interface Surroundings {
  readonly folder: string;
  readonly wasm: string;
  readonly upstream: Server;
  readonly clusters: object[];
  readonly oracle: Oracle;
  close(): Promise<void>;
}

export async function startSurroundings(): Promise<Surroundings> {
  const folder = await mkdtemp(join(tmpdir(), "probe-"));
  const wasm = join(folder, "probe.wasm");
  await compileFilter("test/filter/entries/proxy-wasm/filter-entry.ts", wasm);
  const { server: upstream, port: upstreamPort } = await startEchoUpstream();
  const oracleSocket = join(folder, "oracle.sock");
  const oracle = await startOracle(oracleSocket);
  return {
    folder,
    wasm,
    upstream,
    clusters: clusters({ upstreamPort, oracleSocket }),
    oracle,
    async close() {
      oracle.close();
      upstream.closeAllConnections();
      upstream.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** An Envoy whose listener `gateway` has the probe, configured once and for all. */
export function startProbe(surroundings: Surroundings, options: EnvoyOptions = {}): Promise<TestEnvoy> {
  const config: FilterConfig = { wasm: surroundings.wasm, configuration: "v1" };
  const filter = { name: "probe", typed_config: wasmConfig(config) };
  const resources = { listeners: [listener(filter)], clusters: surroundings.clusters };
  return startEnvoy(() => ({ static_resources: resources, stats_flush_interval: "0.1s" }), options);
}
