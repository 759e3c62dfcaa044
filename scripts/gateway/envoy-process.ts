import { join } from "node:path";
import { renderBootstrap } from "../../envoy/render/bootstrap.ts";
import type { EnvoyPlan } from "../../envoy/render/plan.ts";
import type { LoadedPolicy } from "../../inference-sidecar/src/policy/load.ts";
import { replaceFile } from "../replace-file.ts";
import { filterState, isReady } from "./envoy-admin.ts";
import { keyEgress } from "./key-egress.ts";
import { writeListenerSecrets } from "./listener-secrets.ts";
import { renewSyncState, secretsOf, writePolicy } from "./policy-force.ts";
import type { StateFolder } from "./state.ts";
import { type Program, Supervised } from "./supervisor.ts";
import { waitUntil } from "./wait-until.ts";

export interface EnvoyWish {
  readonly binary: string;
  readonly wasmFile: string;
  readonly loaded: LoadedPolicy;
  readonly plan: EnvoyPlan;
  readonly state: StateFolder;
  /** Worker threads. */
  readonly workers: number;
}

/** An Envoy that was started. */
export interface EnvoyProcess {
  readonly supervised: Supervised;
  /** The policy that it was started with. */
  readonly version: string;
}

/** Renders Envoy's configuration and starts it. */
export async function startEnvoy(wish: EnvoyWish, report: (line: string) => void): Promise<EnvoyProcess> {
  const { state, loaded, plan } = wish;
  const { policy } = loaded;
  if (plan.egress) await keyEgress(policy, plan.egress)();
  await writeListenerSecrets(policy, state.run);
  const version = await writePolicy(loaded, wish.wasmFile, state);
  await replaceFile(join(state.run, "envoy.json"), JSON.stringify(renderBootstrap(plan), null, 2));
  return { supervised: await Supervised.start(envoyProgram(wish), report), version };
}

/**
 * Waits until Envoy listens with its policy in force.
 * @param gaveUp asked while waiting: true ends the wait
 * @throws Error it ended, did not answer in time, or the filter refused the policy
 */
export async function untilListening(
  { supervised, version }: EnvoyProcess,
  { adminSocket }: StateFolder,
  millis: number,
  gaveUp: () => boolean,
): Promise<void> {
  await waitUntil(async () => supervised.ended || gaveUp() || (await isReady(adminSocket)), millis);
  if (gaveUp() && !supervised.ended) return;
  if (supervised.ended || (await filterState(adminSocket))?.version !== version) throw await supervised.failure();
}

function envoyProgram({ binary, state, workers, loaded }: EnvoyWish): Program {
  const flags = ["--disable-hot-restart", "--concurrency", String(workers), "--log-level", "warning"];
  return {
    name: "envoy",
    command: binary,
    // Relative to the folder it starts in: no path of the user's stands in its command line.
    args: ["--config-path", "envoy.json", ...flags],
    cwd: state.run,
    // Secrets are in its environment and nowhere else.
    env: { ...process.env, ...secretsOf(loaded.policy) },
    logFile: state.envoyLog,
    renew: () => renewSyncState(state),
  };
}
