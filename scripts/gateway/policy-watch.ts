import { join } from "node:path";
import { type LoadedPolicy, loadPolicy } from "../../inference-sidecar/src/policy/load.ts";
import type { Policy } from "../../inference-sidecar/src/policy/policy.ts";
import { filterState } from "./envoy-admin.ts";
import { FileWatch } from "./file-watch.ts";
import { isInForce, needsRestart, writePolicy } from "./policy-force.ts";
import type { StateFolder } from "./state.ts";

/**
 * Watches the policy file and every file that it names. A valid change is put in force; an invalid one leaves the
 * last good one and is reported, all its problems.
 */
export function watchPolicy(
  path: string,
  opened: LoadedPolicy,
  state: StateFolder,
  wasmFile: string,
  report: (line: string) => void,
): FileWatch {
  const said = new Set<string>();
  const watch = new FileWatch(async () => {
    try {
      const { policy, files } = await loadPolicy(path);
      watch.watch(files);
      await putInForce(policy, state, wasmFile, report);
      for (const part of needsRestart(opened.policy, policy)) {
        if (said.has(part)) continue;
        said.add(part);
        report(`${part} has changed and is read only at the start: restart the gateway to use it`);
      }
    } catch (error) {
      report(`${error instanceof Error ? error.message : String(error)}\nthe last good policy stays in force`);
    }
  });
  watch.watch(opened.files);
  return watch;
}

/** @throws Error Envoy refused it or did not answer; what was in force stays */
async function putInForce(
  policy: Policy,
  state: StateFolder,
  wasmFile: string,
  report: (line: string) => void,
): Promise<void> {
  const before = await filterState(state.adminSocket);
  const version = await writePolicy(policy, wasmFile, state.filterConfigFile);
  if (before?.version === version) return;
  if (!(await isInForce(state.adminSocket, version, before?.rejected ?? 0))) {
    throw new Error(`Envoy did not take the changed policy; ${join(state.log, "envoy.log")} says why`);
  }
  report(`the changed policy is in force (${version.slice(0, 12)})`);
}
