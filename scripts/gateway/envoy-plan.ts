import type { DashboardPlan, EnvoyPlan, TlsPlan, UpstreamPlan } from "../../envoy/render/plan.ts";
import type { Policy } from "../../inference-sidecar/src/policy/policy.ts";
import type { ListenAddress } from "./ports.ts";
import type { StateFolder } from "./state.ts";
import { systemTrustBundle } from "./trust-store.ts";

const largestHeapBytes = 512 * 1024 * 1024;

/** What Envoy does for a sidecar that has no network. */
export interface NetworkForSidecar {
  readonly dashboard: DashboardPlan;
  /** Gets the sockets by which the sidecar reaches the issuers of the policy, and nobody else. */
  readonly egressFolder: string;
}

/** What Envoy is to be rendered with, from the policy and this gateway's state folder. */
export function envoyPlan(
  policy: Policy,
  state: StateFolder,
  listen: ListenAddress,
  upstream: UpstreamPlan,
  network: NetworkForSidecar | null,
): EnvoyPlan {
  return {
    listen,
    tls: tlsPlan(policy, state.run),
    forwardClientCertificate: policy.workloads.forwardedFrom.length > 0,
    upstream,
    sidecarSocket: state.sidecarSocket,
    adminSocket: state.adminSocket,
    selfTestSocket: state.selfTestSocket,
    filterConfigFile: state.filterConfigFile,
    filterConfigFolder: state.run,
    accessLog: state.accessLog,
    dashboard: network?.dashboard ?? null,
    egress: network && { socketFolder: network.egressFolder, configFolder: state.run },
    heapBytes: heapBytes(),
  };
}

/** @param secretsFolder see `TlsPlan` */
export function tlsPlan({ tls, workloads }: Policy, secretsFolder: string | null): TlsPlan | null {
  return (
    tls && {
      certificateFile: tls.certificate,
      keyFile: tls.key,
      trustBundleFile: workloads.trustBundle,
      secretsFolder,
    }
  );
}

/** Half of what this process and those it starts may use together (the control group's limit), at most 512 MiB. */
export function heapBytes(): number {
  return Math.min(largestHeapBytes, Math.floor((process.constrainedMemory() || Number.POSITIVE_INFINITY) / 2));
}

/** An http or https origin as an upstream. */
export async function upstreamPlan(url: URL): Promise<UpstreamPlan> {
  const protocol = url.protocol === "https:" ? "https" : "http";
  return {
    protocol,
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(url.port) || (protocol === "https" ? 443 : 80),
    trustBundleFile: protocol === "https" ? await systemTrustBundle() : null,
  };
}
