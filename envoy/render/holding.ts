import type { Policy } from "../../inference-sidecar/src/policy/policy.ts";

/**
 * Names of the routes whose request heads wait for the body: they are judged by it before anything moves. That needs
 * `allow_on_headers_stop_iteration`; without it such a request would hang.
 */
export function routesHoldingBodies({ routes, log }: Policy): string[] {
  const waitsFrom = log === "required" ? ["observe"] : ["observe", "detect"];
  return routes
    .filter(({ mode, score }) => score.inspect === "full" && !waitsFrom.includes(mode))
    .map(({ name }) => name);
}
