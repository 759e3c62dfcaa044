import { resolve } from "node:path";
import type { EgressPlan } from "../../envoy/render/plan.ts";
import { FileWatch } from "../../inference-sidecar/src/file-watch.ts";
import type { LoadedPolicy } from "../../inference-sidecar/src/policy/load.ts";
import { PolicyError } from "../../inference-sidecar/src/policy/problem.ts";
import { loadPolicyWithBundle } from "../model/load-policy.ts";
import type { FilterModule, ModuleSource } from "./filter-module.ts";
import { keyEgress } from "./key-egress.ts";
import { writeListenerSecrets } from "./listener-secrets.ts";
import { needsRestart, putInForce } from "./policy-force.ts";
import type { StateFolder } from "./state.ts";

/** What Envoy was started with. */
export interface Opened {
  readonly path: string;
  readonly loaded: LoadedPolicy;
  readonly module: FilterModule;
}

/**
 * Watches the policy file, every file that it names, there or not, and what says which module is to be used. A valid
 * change is put in force, policy and module in one step; an invalid one leaves what was good and is reported once, all
 * its problems.
 * @param egress null: the sidecar fetches key sets by itself
 */
export function watchPolicy(
  { path, loaded, module }: Opened,
  modules: ModuleSource,
  state: StateFolder,
  report: (line: string) => void,
  egress: EgressPlan | null,
): FileWatch {
  const said = new Set<string>();
  let refusal = "";
  let { bundleDirectory } = module;
  const watch = new FileWatch(async () => {
    try {
      const next = await modules.current();
      const changed = await loadPolicyWithBundle(path, next.bundleDirectory);
      const { policy } = changed;
      watch.watch([...changed.files, ...modules.files]);
      const swaps = next.bundleDirectory !== bundleDirectory;
      if (swaps) await modules.prepare(next);
      const openWays = egress && keyEgress(policy, egress);
      const version = await putInForce(changed, state, next.wasmFile);
      await openWays?.();
      const renewed = await writeListenerSecrets(policy, state.run);
      if (refusal !== "" && version === null) report("the policy is valid again, and in force as it was");
      refusal = "";
      if (version !== null && !swaps) report(`the changed policy is in force (${version.slice(0, 12)})`);
      if (renewed) report("the changed certificates are what the listener uses from now on");
      bundleDirectory = next.bundleDirectory;
      await modules.taken();
      for (const part of needsRestart(loaded.policy, policy)) {
        if (said.has(part)) continue;
        said.add(part);
        report(`${part} has changed and is read only at the start: restart the gateway to use it`);
      }
    } catch (error) {
      if (error instanceof PolicyError) watch.watch([resolve(path), ...error.files, ...modules.files]);
      const message = error instanceof Error ? error.message : String(error);
      // Files that are newly watched are looked at once more, with the same result.
      if (message !== refusal) report(`${message}\nthe last good policy stays in force`);
      refusal = message;
      await modules.refused(message);
    }
  });
  watch.watch([...loaded.files, ...modules.files]);
  return watch;
}
