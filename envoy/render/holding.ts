import type { Policy } from "../../inference-sidecar/src/policy/policy.ts";

/**
 * Names of the routes whose request heads wait for the body, or will where the ladder takes them: they are judged by it before
 * anything moves (`Evaluation.holds` in `filter/evaluate.ts`). That needs `allow_on_headers_stop_iteration`; without it such a
 * request would hang.
 */
export function routesHoldingBodies({ routes, log }: Policy): string[] {
  const waitsFrom = log === "required" ? ["observe"] : ["observe", "detect"];
  return routes
    .filter(({ ladder, score }) => score.inspect === "full" && !waitsFrom.includes(ladder.ceiling))
    .map(({ name }) => name);
}

/**
 * Why the extension APIs of meshes (TrafficExtension, WasmPlugin, EnvoyExtensionPolicy), which configure the filter and nothing of
 * its listener, are no place for the policy; null: they are.
 */
export function beyondMeshApi(policy: Policy): string | null {
  const holding = routesHoldingBodies(policy);
  if (holding.length > 0) return `the routes ${holding.join(", ")} hold bodies`;
  if (policy.workloads.forwardedFrom.length === 0) return null;
  return "identity.workloads.forwardedFrom needs a listener that leaves x-forwarded-client-cert as it came";
}
