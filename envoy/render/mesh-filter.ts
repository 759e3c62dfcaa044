import { sidecarCluster } from "./plan.ts";

/** What a mesh is told of the filter. */
export interface MeshFilter {
  /** `REGISTRY/NAME@sha256:…`, its digest in hexadecimal, and that of the module within. */
  readonly image: string;
  readonly imageSha256: string;
  readonly moduleSha256: string;
  /** The compiled policy. */
  readonly policy: Uint8Array;
  /** Environment variables of the proxy that carry HS256 secrets. */
  readonly secretNames: readonly string[];
  /** Whether a proxy in front may name the client's certificate (`EnvoyPlan`). */
  readonly forwardClientCertificate: boolean;
}

/** The Kubernetes secret with the HS256 secrets, each under the name of its environment variable. */
export const hmacSecret = "postern-secrets";

/** What brings HS256 secrets into the environment of the proxy's container. */
export function proxyEnvironment(names: readonly string[]): { env?: object[] } {
  if (names.length === 0) return {};
  return { env: names.map((key) => ({ name: key, valueFrom: { secretKeyRef: { name: hmacSecret, key } } })) };
}

/** The filter's configuration where the mesh's API takes nothing but JSON; read by `filter/plugin-configuration.ts`. */
export function jsonConfiguration(policy: Uint8Array, cluster: string = sidecarCluster): object {
  const chosen = cluster === sidecarCluster ? {} : { sidecarCluster: cluster };
  return { policy: Buffer.from(policy).toString("base64"), ...chosen };
}
