import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { type FilterConfig, renderFilterConfig } from "../../envoy/render/filter-config.ts";
import type { FilterPlan } from "../../envoy/render/plan.ts";
import { compiledLength } from "../../inference-sidecar/src/policy/blob-writer.ts";
import type { LoadedPolicy } from "../../inference-sidecar/src/policy/load.ts";
import type { Policy } from "../../inference-sidecar/src/policy/policy.ts";
import { policyForSidecar } from "../../inference-sidecar/src/policy-source.ts";
import { replaceFile } from "../replace-file.ts";
import { filterState } from "./envoy-admin.ts";
import type { StateFolder } from "./state.ts";
import { waitUntil } from "./wait-until.ts";

/** How long Envoy may take to take a new configuration or refuse it. */
const patienceMillis = 15_000;

/** What the filter is configured with, and what names it. `syncState`: what the sidecar synced last. */
export async function filterPlan(
  { policy, compiled }: LoadedPolicy,
  wasmFile: string,
  syncState: Uint8Array = new Uint8Array(0),
): Promise<{ plan: FilterPlan; policyDigest: string; version: string }> {
  const moduleDigest = createHash("sha256")
    .update(await readFile(wasmFile))
    .digest("hex");
  const secretNames = Object.keys(secretsOf(policy));
  const plan = { wasmFile, moduleDigest, policy: compiled.blob, syncState, secretNames };
  const policyDigest = Buffer.from(compiled.digest).toString("hex");
  return { plan, policyDigest, version: `${policyDigest}.${moduleDigest}` };
}

/** Names and values of the HS256 secrets that Envoy's environment must carry. */
export function secretsOf(policy: Policy): Record<string, string> {
  const secrets = policy.issuers.flatMap(({ secret }) => (secret ? [[secret.environmentName, secret.secret]] : []));
  return Object.fromEntries(secrets) as Record<string, string>;
}

/** What a policy is put in force by. */
export type PolicyFiles = Pick<StateFolder, "filterConfigFile" | "sidecarPolicyFile" | "syncStateFile">;

/**
 * Puts the policy where the sidecar and Envoy read it, with the state that the sidecar synced last: an
 * Envoy that starts has it from the first request on. Gives the version that Envoy will report.
 */
export async function writePolicy(loaded: LoadedPolicy, wasmFile: string, files: PolicyFiles): Promise<string> {
  const { version, forSidecar, forEnvoy } = await contents(loaded, wasmFile, files);
  await replaceFile(files.sidecarPolicyFile, forSidecar);
  await replaceFile(files.filterConfigFile, forEnvoy);
  return version;
}

async function contents(loaded: LoadedPolicy, wasmFile: string, { syncStateFile }: PolicyFiles) {
  const syncState = await readFile(syncStateFile).catch(() => Buffer.alloc(0));
  const { plan, policyDigest, version } = await filterPlan(loaded, wasmFile, syncState);
  const forEnvoy = JSON.stringify(renderFilterConfig(plan, version));
  return { version, forSidecar: policyForSidecar(loaded.policy, policyDigest), forEnvoy };
}

/** Puts the state that is synced by now beside the policy, for an Envoy that starts again. */
export async function renewSyncState({ filterConfigFile, syncStateFile }: PolicyFiles): Promise<void> {
  const syncState = await readFile(syncStateFile).catch(() => Buffer.alloc(0));
  const config = JSON.parse(await readFile(filterConfigFile, "utf8")) as FilterConfig;
  for (const { typed_config } of config.resources) {
    const { configuration } = typed_config.config;
    const before = Buffer.from(configuration.value, "base64");
    const policy = before.subarray(0, compiledLength(before));
    configuration.value = Buffer.concat([policy, syncState]).toString("base64");
  }
  await replaceFile(filterConfigFile, JSON.stringify(config));
}

/**
 * Has a running Envoy take the policy; gives its version, or null: it was in force already.
 * @throws Error Envoy refused it or did not answer; what was in force stays, for an Envoy that starts again as well
 */
export async function putInForce(loaded: LoadedPolicy, state: StateFolder, wasmFile: string): Promise<string | null> {
  const before = await filterState(state.adminSocket);
  const lastGood = await readFile(state.filterConfigFile, "utf8");
  const lastTold = await readFile(state.sidecarPolicyFile, "utf8");
  const { version, forSidecar, forEnvoy } = await contents(loaded, wasmFile, state);
  if (forSidecar !== lastTold) await replaceFile(state.sidecarPolicyFile, forSidecar);
  if (before?.version === version && (JSON.parse(lastGood) as FilterConfig).version_info === version) {
    // Beside another synced state Envoy would take it once more, and forget what it has verified. What only the sidecar
    // goes by, such as operators, is in no compiled policy.
    return forSidecar === lastTold ? null : version;
  }
  await replaceFile(state.filterConfigFile, forEnvoy);
  if (await isInForce(state.adminSocket, version, before?.rejected ?? 0)) return version;
  await replaceFile(state.filterConfigFile, lastGood);
  await replaceFile(state.sidecarPolicyFile, lastTold);
  throw new Error(`Envoy did not take the changed policy; ${state.envoyLog ?? "what it said above"} says why`);
}

/** Waits until Envoy has taken that version: true, or refused it or did not answer: false. */
async function isInForce(adminSocket: string, version: string, rejectedBefore: number): Promise<boolean> {
  let taken = false;
  await waitUntil(async () => {
    const state = await filterState(adminSocket);
    taken = state?.version === version;
    return taken || (state !== null && state.rejected > rejectedBefore);
  }, patienceMillis);
  return taken;
}

/** What of a changed policy the running Envoy can't take over, in words; empty: nothing. */
export function needsRestart(before: Policy, after: Policy): string[] {
  const parts: [string, unknown, unknown][] = [
    ["listener.tls", before.tls !== null, after.tls !== null],
    ["identity.workloads.trustBundle", before.workloads.trustBundle !== null, after.workloads.trustBundle !== null],
    [
      "identity.workloads.forwardedFrom",
      before.workloads.forwardedFrom.length > 0,
      after.workloads.forwardedFrom.length > 0,
    ],
    ["an HS256 secret", secretsOf(before), secretsOf(after)],
  ];
  return parts.filter(([, one, other]) => !isDeepStrictEqual(one, other)).map(([name]) => name);
}
