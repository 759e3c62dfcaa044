import { sidecarPipeCluster } from "../clusters.ts";
import { renderSelfTestListener } from "../listener.ts";
import { jsonConfiguration, type MeshFilter } from "../mesh-filter.ts";
import { meshSelfTestSocket } from "../mesh-sidecar.ts";
import { sidecarCluster } from "../plan.ts";

const wasm = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";
const manager = "envoy.filters.network.http_connection_manager";

/** Which proxies a patch is for, and which of their listeners. */
export interface PatchScope {
  /** Istio's control plane patches waypoints as it does what comes in to workloads; a context of their own it knows by name only. */
  readonly context: "GATEWAY" | "SIDECAR_INBOUND";
  /** Absent: all that speak HTTP. */
  readonly listener?: string;
  readonly spec: object;
}

/** The whole filter as Envoy's own configuration: what Istio's API for extensions can't say is said here. */
export function envoyFilter(name: string, filter: MeshFilter, scope: PatchScope, cluster = sidecarCluster): object {
  const { context, listener } = scope;
  const named = listener === undefined ? {} : { name: listener };
  const network = { ...named, filterChain: { filter: { name: manager } } };
  const routed = {
    ...named,
    filterChain: { filter: { name: manager, subFilter: { name: "envoy.filters.http.router" } } },
  };
  const patches = [
    // With a cluster of Istio's own (ServiceEntry) there is none to add.
    ...(cluster === sidecarCluster ? [clusterPatch(scope)] : []),
    patch("EXTENSION_CONFIG", { context }, "ADD", {
      name,
      typed_config: { "@type": wasm, config: plugin(filter, cluster) },
    }),
    patch("HTTP_FILTER", { context, listener: routed }, "INSERT_FIRST", discovered(name)),
    patch("NETWORK_FILTER", { context, listener: network }, "MERGE", { typed_config: managerSettings(filter) }),
    patch("LISTENER", { context }, "ADD", selfTestListener(name)),
  ];
  return patching(name, scope, patches);
}

/** The sidecar's cluster alone, beside a filter that comes by Istio's API: waypoints have none of a ServiceEntry's. */
export function clusterFilter(name: string, scope: PatchScope): object {
  return patching(name, scope, [clusterPatch(scope)]);
}

function patching(name: string, { spec }: PatchScope, configPatches: readonly object[]): object {
  return {
    apiVersion: "networking.istio.io/v1alpha3",
    kind: "EnvoyFilter",
    metadata: { name },
    spec: { ...spec, configPatches },
  };
}

function clusterPatch({ context }: PatchScope): object {
  return patch("CLUSTER", { context }, "ADD", sidecarPipeCluster(meshSocket));
}

function selfTestListener(name: string): object {
  const plan = { selfTestSocket: meshSelfTestSocket, forwardClientCertificate: false };
  return renderSelfTestListener(plan, [discovered(name)]);
}

/** Where a pod has the sidecar's socket. */
export const meshSocket = "/run/postern/sidecar.sock";

function patch(applyTo: string, match: object, operation: string, value: object): object {
  return { applyTo, match, patch: { operation, value } };
}

function discovered(name: string): object {
  const source = { ads: {}, initial_fetch_timeout: "0s", resource_api_version: "V3" };
  return { name, config_discovery: { config_source: source, type_urls: [wasm] } };
}

/** As in `../listener.ts`, as far as a merge can say it: what is false there (`normalize_path`) leaves the mesh's own in force. */
function managerSettings({ forwardClientCertificate }: MeshFilter): object {
  return {
    "@type": `type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    path_with_escaped_slashes_action: "KEEP_UNCHANGED",
    request_headers_timeout: "10s",
    request_timeout: "300s",
    // Istio's own ways put the peer's element, a proxy's, in the place of its client's, or behind it.
    ...(forwardClientCertificate ? { forward_client_cert_details: "FORWARD_ONLY" } : {}),
  };
}

function plugin(filter: MeshFilter, cluster: string): object {
  return {
    name: "postern",
    root_id: "postern",
    vm_config: {
      vm_id: "postern",
      runtime: "envoy.wasm.runtime.v8",
      code: {
        // The agent in the proxy's pod fetches it and gives Envoy a file; the cluster's name is never looked at.
        remote: {
          http_uri: { uri: `oci://${filter.image}`, timeout: "60s", cluster: "unused" },
          sha256: filter.imageSha256,
        },
      },
      environment_variables: {
        host_env_keys: filter.secretNames,
        key_values: { POSTERN_MODULE: filter.moduleSha256 },
      },
    },
    configuration: {
      "@type": "type.googleapis.com/google.protobuf.StringValue",
      value: JSON.stringify(jsonConfiguration(filter.policy, cluster)),
    },
    failure_policy: "FAIL_RELOAD",
    reload_config: { backoff: { base_interval: "0.1s" } },
    allow_on_headers_stop_iteration: true,
  };
}
