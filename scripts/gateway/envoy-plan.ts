import type { EnvoyPlan, UpstreamPlan } from "../../envoy/render/plan.ts";
import type { Policy } from "../../inference-sidecar/src/policy/policy.ts";
import type { ListenAddress } from "./ports.ts";
import type { StateFolder } from "./state.ts";
import { systemTrustBundle } from "./trust-store.ts";

/** What Envoy is to be rendered with, from the policy and this gateway's state folder. */
export function envoyPlan(
  policy: Policy,
  state: StateFolder,
  listen: ListenAddress,
  upstream: UpstreamPlan,
  accessLog: string,
): EnvoyPlan {
  const { tls, workloads } = policy;
  return {
    listen,
    tls: tls && { certificateFile: tls.certificate, keyFile: tls.key, trustBundleFile: workloads.trustBundle },
    forwardClientCertificate: workloads.forwardedFrom.length > 0,
    upstream,
    sidecarSocket: state.sidecarSocket,
    adminSocket: state.adminSocket,
    filterConfigFile: state.filterConfigFile,
    filterConfigFolder: state.run,
    accessLog,
  };
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
