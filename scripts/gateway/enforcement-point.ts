import { existsSync } from "node:fs";
import type { FileWatch } from "../../inference-sidecar/src/file-watch.ts";
import { loadPolicyWithBundle } from "../model/load-policy.ts";
import { drain } from "./envoy-drain.ts";
import { envoyPlan, type NetworkForSidecar, upstreamPlan } from "./envoy-plan.ts";
import { startEnvoy, untilListening } from "./envoy-process.ts";
import type { ModuleSource } from "./filter-module.ts";
import { requirePair } from "./pair-check.ts";
import { watchPolicy } from "./policy-watch.ts";
import { chooseAddress, formatAddress, type ListenAddress } from "./ports.ts";
import type { StateFolder } from "./state.ts";
import type { Supervised } from "./supervisor.ts";
import { waitUntil } from "./wait-until.ts";

/** How long Envoy's start waits for the state that the sidecar remembers. */
const syncStateMillis = 5_000;

export interface EnforcementOptions {
  readonly policyPath: string;
  readonly upstream: URL;
  /** Null: 127.0.0.1:8080, with TLS 8443. */
  readonly listen: ListenAddress | null;
  readonly state: StateFolder;
  readonly modules: ModuleSource;
  readonly envoyBinary: string;
  /** Envoy's worker threads. */
  readonly workers: number;
  /** Null: the sidecar has a network of its own. */
  readonly networkForSidecar: NetworkForSidecar | null;
  readonly report: (line: string) => void;
}

/** Envoy with the filter and its policy: the policy enforcement point (NIST SP 800-207). */
export interface EnforcementPoint {
  readonly url: string;
  readonly envoy: Supervised;
  /** @see untilListening */
  untilListening(millis: number, gaveUp: () => boolean): Promise<void>;
  /** Ends Envoy, with the records of all that it has answered handed over. */
  stop(): Promise<void>;
  /** Puts every valid change of the policy or the module in force until it is closed. */
  watchPolicy(): Promise<FileWatch>;
}

/** Reads the policy and starts Envoy with it. @throws PolicyError every problem of the policy; Error the sidecar is no pair */
export async function startEnforcementPoint(options: EnforcementOptions): Promise<EnforcementPoint> {
  const { policyPath, state, modules, report } = options;
  const module = await modules.current();
  const loaded = await loadPolicyWithBundle(policyPath, module.bundleDirectory);
  const { policy } = loaded;
  const fallback = { host: "127.0.0.1", port: policy.tls ? 8443 : 8080 };
  const listen = await chooseAddress("--listen", options.listen, fallback, report);
  const plan = envoyPlan(policy, state, listen, await upstreamPlan(options.upstream), options.networkForSidecar);
  // A sidecar that has just started leaves there what it is, and where the routes stand.
  const said = [state.sidecarOfferFile, state.syncStateFile];
  await waitUntil(async () => said.every((file) => existsSync(file)), syncStateMillis);
  await requirePair(state, module);
  const { wasmFile } = module;
  const wish = { binary: options.envoyBinary, wasmFile, loaded, plan, state, workers: options.workers };
  const envoy = await startEnvoy(wish, report);
  return {
    url: `${policy.tls ? "https" : "http"}://${formatAddress(listen)}`,
    envoy: envoy.supervised,
    untilListening: (millis, gaveUp) => untilListening(envoy, state, millis, gaveUp),
    stop: async () => {
      if (envoy.supervised.pid !== null) await drain(state.adminSocket);
      await envoy.supervised.stop();
    },
    watchPolicy: async () => {
      await modules.taken();
      return watchPolicy({ path: policyPath, loaded, module }, modules, state, report, plan.egress);
    },
  };
}
