import { resolve } from "node:path";
import { FileWatch } from "../../inference-sidecar/src/file-watch.ts";
import type { LoadedPolicy } from "../../inference-sidecar/src/policy/load.ts";
import { PolicyError } from "../../inference-sidecar/src/policy/problem.ts";
import { loadPolicyWithBundle } from "../model/load-policy.ts";
import { needsRestart, putInForce } from "./policy-force.ts";
import type { StateFolder } from "./state.ts";

/**
 * Watches the policy file and every file that it names, there or not. A valid change is put in force; an invalid one
 * leaves the last good one and is reported once, all its problems.
 * @param hasEgress whether Envoy fetches key sets for the sidecar
 */
export function watchPolicy(
  path: string,
  opened: LoadedPolicy,
  state: StateFolder,
  wasmFile: string,
  report: (line: string) => void,
  hasEgress: boolean,
): FileWatch {
  const said = new Set<string>();
  let refusal = "";
  const watch = new FileWatch(async () => {
    try {
      const { policy, files } = await loadPolicyWithBundle(path);
      watch.watch(files);
      const version = await putInForce(policy, state, wasmFile);
      refusal = "";
      if (version !== null) report(`the changed policy is in force (${version.slice(0, 12)})`);
      for (const part of needsRestart(opened.policy, policy, hasEgress)) {
        if (said.has(part)) continue;
        said.add(part);
        report(`${part} has changed and is read only at the start: restart the gateway to use it`);
      }
    } catch (error) {
      if (error instanceof PolicyError) watch.watch([resolve(path), ...error.files]);
      const message = error instanceof Error ? error.message : String(error);
      // Files that are newly watched are looked at once more, with the same result.
      if (message !== refusal) report(`${message}\nthe last good policy stays in force`);
      refusal = message;
    }
  });
  watch.watch(opened.files);
  return watch;
}
