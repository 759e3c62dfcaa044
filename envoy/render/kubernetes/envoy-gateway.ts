import { sidecarPipeCluster } from "../clusters.ts";
import { meshSocket } from "../istio/envoy-filter.ts";
import { jsonConfiguration, type MeshFilter, proxyEnvironment } from "../mesh-filter.ts";
import type { MeshSidecar } from "../mesh-sidecar.ts";
import { sidecarCluster } from "../plan.ts";
import { socketMount } from "../sidecar-pod.ts";

const gateway = { group: "gateway.networking.k8s.io", kind: "Gateway", name: "postern" };
/** The user of Envoy in Envoy Gateway's pods. */
const proxyUser = 65_532;

/** The filter on every route of a Gateway, for Envoy Gateway. */
export function envoyExtensionPolicy(filter: MeshFilter): object {
  const [repository = "", digest = ""] = filter.image.split("@");
  const wasm = {
    name: "postern",
    rootID: "postern",
    failOpen: false,
    code: { type: "Image", image: { url: `${repository}@${digest}`, sha256: filter.imageSha256 } },
    config: jsonConfiguration(filter.policy),
    ...(filter.secretNames.length > 0 ? { env: { hostKeys: filter.secretNames } } : {}),
  };
  return {
    apiVersion: "gateway.envoyproxy.io/v1alpha1",
    kind: "EnvoyExtensionPolicy",
    metadata: { name: "postern" },
    spec: { targetRefs: [gateway], wasm: [wasm] },
  };
}

/** What its API can't say: the cluster of the sidecar's socket. */
export function envoyPatchPolicy(): object {
  const operation = { op: "add", path: "", value: sidecarPipeCluster(meshSocket) };
  const type = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
  return {
    apiVersion: "gateway.envoyproxy.io/v1alpha1",
    kind: "EnvoyPatchPolicy",
    metadata: { name: "postern" },
    spec: { targetRef: gateway, type: "JSONPatch", jsonPatches: [{ type, name: sidecarCluster, operation }] },
  };
}

/** Puts the sidecar into the pods of the Gateway that names this as its `infrastructure.parametersRef`. */
export function envoyProxy(sidecar: MeshSidecar, secretNames: readonly string[]): object {
  const { container, volumes } = sidecar.parts(proxyUser);
  const pod = {
    securityContext: { fsGroup: proxyUser },
    containers: [{ name: "envoy", volumeMounts: [socketMount], ...proxyEnvironment(secretNames) }, container],
    volumes,
  };
  const patch = { type: "StrategicMerge", value: { spec: { template: { spec: pod } } } };
  return {
    apiVersion: "gateway.envoyproxy.io/v1alpha1",
    kind: "EnvoyProxy",
    metadata: { name: "postern" },
    spec: { provider: { type: "Kubernetes", kubernetes: { envoyDeployment: { patch } } } },
  };
}
