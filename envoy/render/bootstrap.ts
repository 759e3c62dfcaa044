import { sidecarPipeCluster, upstreamClusters } from "./clusters.ts";
import { dashboardListener, dashboardPipeCluster } from "./dashboard.ts";
import { discovery, watchedFile } from "./discovery.ts";
import { egressResources } from "./egress.ts";
import { filterByFile, renderListener, renderSelfTestListener } from "./listener.ts";
import { overloadManager } from "./overload.ts";
import type { EnvoyPlan } from "./plan.ts";
import { statsConfig } from "./stats.ts";

/**
 * Envoy's bootstrap, with listeners and clusters in it. By default the filter's configuration comes by file (ECDS).
 * @param filters the HTTP filters before the router
 * @param routes where requests go; default: all to the upstream
 */
export function renderBootstrap(
  plan: EnvoyPlan,
  filters: readonly object[] = [filterByFile(plan)],
  routes?: readonly object[],
): object {
  return {
    ...base(plan),
    static_resources: { listeners: listeners(plan, filters, routes), clusters: clusters(plan) },
    ...(plan.egress ? { dynamic_resources: egressResources(plan.egress) } : {}),
  };
}

/** Files of a folder that Envoy watches: a bootstrap, listeners (LDS), clusters (CDS); the filter's is `plan.filterConfigFile`. */
export function renderDynamic(plan: EnvoyPlan, behind: readonly object[], folder: string): Record<DynamicFile, object> {
  const source = (name: DynamicFile) => watchedFile(folder, name);
  return {
    "bootstrap.json": {
      ...base(plan),
      dynamic_resources: { lds_config: source("lds.json"), cds_config: source("cds.json") },
    },
    "lds.json": discovery("envoy.config.listener.v3.Listener", listeners(plan, [filterByFile(plan), ...behind])),
    "cds.json": discovery("envoy.config.cluster.v3.Cluster", clusters(plan)),
  };
}

type DynamicFile = "bootstrap.json" | "lds.json" | "cds.json";

/**
 * Of a compiled expression. Envoy's default of 100 refuses paths and lists of hosts that a policy may have (64 hosts of 253
 * characters); RE2 takes no more than some 350,000, and its time is linear whatever the size.
 */
const regexMostSteps = 350_000;

/** What an Envoy has whatever it serves. */
function base(plan: EnvoyPlan): object {
  return {
    node: { id: "postern", cluster: "postern" },
    admin: { address: { pipe: { path: plan.adminSocket, mode: 0o600 } } },
    overload_manager: overloadManager(plan.heapBytes),
    stats_config: statsConfig(),
    layered_runtime: {
      layers: [{ name: "regexes", static_layer: { "re2.max_program_size.error_level": regexMostSteps } }],
    },
  };
}

function listeners(plan: EnvoyPlan, filters: readonly object[], routes?: readonly object[]): object[] {
  return [
    renderListener(plan, filters, routes),
    renderSelfTestListener(plan, filters),
    ...(plan.dashboard ? [dashboardListener(plan.dashboard)] : []),
  ];
}

function clusters(plan: EnvoyPlan): object[] {
  return [
    ...upstreamClusters(plan.upstream),
    sidecarPipeCluster(plan.sidecarSocket),
    ...(plan.dashboard ? [dashboardPipeCluster(plan.dashboard)] : []),
  ];
}
