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
}

/** The filter's configuration where the mesh's API takes nothing but JSON; read by `filter/plugin-configuration.ts`. */
export function jsonConfiguration(policy: Uint8Array, cluster: string = sidecarCluster): object {
  const chosen = cluster === sidecarCluster ? {} : { sidecarCluster: cluster };
  return { policy: Buffer.from(policy).toString("base64"), ...chosen };
}
