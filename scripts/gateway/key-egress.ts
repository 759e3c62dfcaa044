import { join } from "node:path";
import { keyHosts, renderEgress } from "../../envoy/render/egress.ts";
import type { EgressPlan } from "../../envoy/render/plan.ts";
import type { Policy } from "../../inference-sidecar/src/policy/policy.ts";
import { replaceFile } from "../replace-file.ts";

/** What opens the ways to the hosts of the policy's key sets, and to no other, when it is done. @throws Error a path is too long */
export function keyEgress(policy: Policy, { socketFolder, configFolder }: EgressPlan): () => Promise<void> {
  const files = Object.entries(renderEgress(socketFolder, keyHosts(policy)));
  return async () => {
    for (const [name, content] of files) await replaceFile(join(configFolder, name), JSON.stringify(content));
  };
}
