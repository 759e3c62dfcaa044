import { isIP } from "node:net";
import { join } from "node:path";
import { type KeyHost, keyHost } from "../../inference-sidecar/src/keys/egress-socket.ts";
import type { Policy } from "../../inference-sidecar/src/policy/policy.ts";
import { discovery, watchedFile } from "./discovery.ts";
import { type EgressPlan, longestSocketPath } from "./plan.ts";

/** Connections to one host at a time: a sidecar has one for each of its issuers. */
const connectionsMost = 16;

/** The hosts that the policy's key sets come from, each once. */
export function keyHosts({ issuers }: Pick<Policy, "issuers">): KeyHost[] {
  const hosts = issuers.flatMap(({ keySource }) => (keySource ? [keyHost(new URL(keySource.uri))] : []));
  return [...new Map(hosts.map((host) => [host.socketName, host])).values()];
}

/**
 * The way out for a sidecar without a network: a Unix socket for each host of the policy's key sets, passed on byte by byte, and
 * no other host. TLS is the sidecar's own: nothing is to be seen or changed on the way. Files that Envoy watches, so that
 * another policy's hosts need no restart.
 * @throws Error a socket's path would be too long
 */
export function renderEgress(socketFolder: string, hosts: readonly KeyHost[]): Readonly<Record<EgressFile, object>> {
  return {
    "egress-cds.json": discovery("envoy.config.cluster.v3.Cluster", hosts.map(cluster)),
    "egress-lds.json": discovery(
      "envoy.config.listener.v3.Listener",
      hosts.map((host) => listener(socketFolder, host)),
    ),
  };
}

type EgressFile = "egress-lds.json" | "egress-cds.json";

/** Of a bootstrap. */
export function egressResources({ configFolder }: EgressPlan): object {
  const source = (name: EgressFile) => watchedFile(configFolder, name);
  return { lds_config: source("egress-lds.json"), cds_config: source("egress-cds.json") };
}

function listener(socketFolder: string, host: KeyHost): object {
  const path = join(socketFolder, host.socketName);
  if (Buffer.byteLength(path) > longestSocketPath)
    throw new Error(`jwks.uri: ${path} is too long for a Unix socket (at most ${longestSocketPath} bytes)`);
  const proxy = {
    "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
    stat_prefix: "egress",
    cluster: clusterName(host),
    idle_timeout: "30s",
  };
  return {
    name: clusterName(host),
    address: { pipe: { path, mode: 0o600 } },
    filter_chains: [{ filters: [{ name: "envoy.filters.network.tcp_proxy", typed_config: proxy }] }],
  };
}

function cluster(host: KeyHost): object {
  const address = { socket_address: { address: host.host, port_value: host.port } };
  return {
    name: clusterName(host),
    ...(isIP(host.host) ? { type: "STATIC" } : { type: "LOGICAL_DNS", dns_lookup_family: "ALL" }),
    connect_timeout: "5s",
    // Without a network Envoy starts all the same.
    wait_for_warm_on_init: false,
    circuit_breakers: { thresholds: [{ max_connections: connectionsMost }] },
    load_assignment: {
      cluster_name: clusterName(host),
      endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }],
    },
  };
}

function clusterName({ host, port }: KeyHost): string {
  return `egress_${host}_${port}`;
}
