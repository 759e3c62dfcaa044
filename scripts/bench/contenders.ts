import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { renderBootstrap } from "../../envoy/render/bootstrap.ts";
import { sidecarPipeCluster, upstreamClusters } from "../../envoy/render/clusters.ts";
import { renderListener } from "../../envoy/render/listener.ts";
import { sidecarCluster } from "../../envoy/render/plan.ts";
import type { DemoFolder } from "../demo/folder.ts";
import { findEnvoy } from "../gateway/envoy-binary.ts";
import { heapBytes } from "../gateway/envoy-plan.ts";
import { startGateway } from "../gateway/gateway.ts";
import { chooseAddress } from "../gateway/ports.ts";
import { prepareState, stateFolder } from "../gateway/state.ts";
import { extAuthz, jwtAndRbac } from "./native-filters.ts";
import { benchmarkPolicy } from "./policy.ts";
import { type Running, startEnvoy, startExtAuthzServer } from "./processes.ts";
import { type ContenderName, routeCounts } from "./scenarios.ts";
import { upstreamBootstrap } from "./upstream.ts";
import { CounterWitness, LogWitness, type Witness } from "./witness.ts";

/** A way to the upstream whose cost is measured. */
export interface Contender {
  readonly url: URL;
  readonly envoyPid: () => number;
  /** What stands beside Envoy: Postern's sidecar, or the authorisation server; null: nothing. */
  readonly besidePid: (() => number) | null;
  readonly witness: Witness;
}

/** What was started and must be ended. */
type Stoppable = Pick<Running, "stop">;

export interface ContenderOptions {
  readonly folder: string;
  readonly demo: DemoFolder;
  readonly needed: ReadonlySet<ContenderName>;
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

export interface Contenders {
  readonly upstream: URL;
  get(name: ContenderName): Contender;
  stop(): Promise<void>;
}

/** What Envoy's own filters count for each request that they let through. */
const nativeCounters = ["http.edge.jwt_authn.allowed", "http.edge.rbac.allowed"];

/** Starts the upstream and every contender that is needed. @throws Error nothing is left running then */
export async function startContenders(options: ContenderOptions): Promise<Contenders> {
  const running: Stoppable[] = [];
  const stop = async () => {
    for (const one of running.splice(0).reverse()) await one.stop();
  };
  try {
    const contenders = new Map<ContenderName, Contender>();
    const envoyBinary = await findEnvoy(options.report);
    const upstream = await startUpstream(options, envoyBinary, running);
    await startRivals(options, envoyBinary, upstream, contenders, running);
    const policies = [
      ["postern", routeCounts.few],
      ["postern-10", routeCounts.few],
      ["postern-10000", routeCounts.many],
    ] as const;
    for (const [name, routes] of policies) {
      if (options.needed.has(name)) contenders.set(name, await startPostern(options, name, routes, upstream, running));
    }
    return {
      upstream,
      get: (name) => {
        const contender = contenders.get(name);
        if (!contender) throw new Error(`${name} was not started`);
        return contender;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startUpstream({ folder }: ContenderOptions, binary: string, running: Stoppable[]): Promise<URL> {
  const state = stateFolder(join(folder, "upstream"));
  await prepareState(state);
  const { port } = await freeAddress();
  running.push(await startEnvoy("upstream", binary, upstreamBootstrap(state.adminSocket, port), state));
  return new URL(`http://127.0.0.1:${port}`);
}

/** One Envoy with a listener for each of Envoy's own ways, each as Postern's is but for the HTTP filters. */
async function startRivals(
  { folder, demo }: ContenderOptions,
  binary: string,
  upstreamUrl: URL,
  contenders: Map<ContenderName, Contender>,
  running: Stoppable[],
): Promise<void> {
  const state = stateFolder(join(folder, "rivals"));
  await prepareState(state);
  const jwks = await readFile(join(dirname(demo.policyPath), "jwks.json"), "utf8");
  const upstream = {
    protocol: "http",
    host: "127.0.0.1",
    port: Number(upstreamUrl.port),
    trustBundleFile: null,
  } as const;
  const server = await startExtAuthzServer(state);
  running.push(server);
  const ways: readonly [ContenderName, filters: object[], counters: string[], Running | null][] = [
    ["bare", [], [], null],
    ["native", jwtAndRbac(jwks, false), nativeCounters, null],
    ["native-cached", jwtAndRbac(jwks, true), [...nativeCounters, "http.edge.jwt_authn.jwt_cache_hit"], null],
    ["ext-authz", extAuthz(sidecarCluster), ["cluster.upstream.ext_authz.ok"], server],
  ];
  const listeners: object[] = [];
  const addresses = new Map<ContenderName, URL>();
  const plan = {
    tls: null,
    forwardClientCertificate: false,
    upstream,
    sidecarSocket: state.sidecarSocket,
    adminSocket: state.adminSocket,
    selfTestSocket: state.selfTestSocket,
    filterConfigFile: state.filterConfigFile,
    filterConfigFolder: state.run,
    accessLog: state.accessLog,
    dashboard: null,
    egress: null,
    heapBytes: heapBytes(),
  };
  for (const [name, filters] of ways) {
    const listen = await freeAddress();
    addresses.set(name, new URL(`http://127.0.0.1:${listen.port}`));
    listeners.push({ ...renderListener({ ...plan, listen }, filters), name });
  }
  const clusters = [...upstreamClusters(upstream), sidecarPipeCluster(state.sidecarSocket)];
  const bootstrap = renderBootstrap({ ...plan, listen: { host: "127.0.0.1", port: 0 } });
  const envoy = await startEnvoy("rivals", binary, { ...bootstrap, static_resources: { listeners, clusters } }, state);
  running.push(envoy);
  for (const [name, , counters, beside] of ways) {
    contenders.set(name, {
      url: addresses.get(name) as URL,
      envoyPid: envoy.pid,
      besidePid: beside?.pid ?? null,
      witness: new CounterWitness(state.adminSocket, counters),
    });
  }
}

/** A gateway as `postern up` starts it. */
async function startPostern(
  { folder, demo, signal, report }: ContenderOptions,
  name: ContenderName,
  routeCount: number,
  upstream: URL,
  running: Stoppable[],
): Promise<Contender> {
  const policyPath = join(dirname(demo.policyPath), `${name}.yaml`);
  await writeFile(policyPath, benchmarkPolicy(routeCount));
  const gateway = await startGateway({
    upstream,
    policyPath,
    listen: { host: "127.0.0.1", port: 0 },
    dashboard: { host: "127.0.0.1", port: 0 },
    stateDirectory: join(folder, name),
    concurrency: 1,
    signal,
    report,
  });
  running.push(gateway);
  return {
    url: new URL(gateway.url),
    envoyPid: () => alive(gateway.envoy.pid),
    besidePid: () => alive(gateway.sidecar.pid),
    witness: new LogWitness(gateway.state.root),
  };
}

function alive(pid: number | null): number {
  if (pid === null) throw new Error("a process of the gateway has ended");
  return pid;
}

async function freeAddress(): Promise<{ host: string; port: number }> {
  const loopback = { host: "127.0.0.1", port: 0 };
  return chooseAddress("--listen", loopback, loopback, () => undefined);
}
