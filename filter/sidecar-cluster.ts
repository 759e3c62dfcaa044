import { bytes } from "proxy-wasm-as/bytes";

const DEFAULT = bytes("postern_sidecar");

let cluster: Uint8Array = DEFAULT;

/** Name of the cluster, in Envoy's configuration, behind which the sidecar is. One for each VM. */
export function sidecarCluster(): Uint8Array {
  return cluster;
}

/** Empty: the usual one. */
export function chooseSidecarCluster(name: Uint8Array): void {
  cluster = name.length == 0 ? DEFAULT : name;
}
