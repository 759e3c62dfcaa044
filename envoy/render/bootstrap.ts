import { sidecarPipeCluster, upstreamClusters } from "./clusters.ts";
import { dashboardListener, dashboardPipeCluster } from "./dashboard.ts";
import { renderListener } from "./listener.ts";
import { overloadManager } from "./overload.ts";
import type { EnvoyPlan } from "./plan.ts";
import { statsConfig } from "./stats.ts";

/** Envoy's bootstrap, complete but for the filter's configuration, which comes by file (ECDS). */
export function renderBootstrap(plan: EnvoyPlan): object {
  return {
    node: { id: "postern", cluster: "postern" },
    admin: { address: { pipe: { path: plan.adminSocket, mode: 0o600 } } },
    static_resources: {
      listeners: [renderListener(plan), ...(plan.dashboard ? [dashboardListener(plan.dashboard)] : [])],
      clusters: [
        ...upstreamClusters(plan.upstream),
        sidecarPipeCluster(plan.sidecarSocket),
        ...(plan.dashboard ? [dashboardPipeCluster(plan.dashboard)] : []),
      ],
    },
    overload_manager: overloadManager(plan.heapBytes),
    stats_config: statsConfig(),
  };
}
