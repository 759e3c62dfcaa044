import { jsonConfiguration, type MeshFilter } from "../mesh-filter.ts";

/**
 * Istio's own API for extensions, for policies that it can express: those that hold no body.
 * @param cluster the sidecar's
 */
export function trafficExtension(filter: MeshFilter, target: object, cluster?: string): object {
  return {
    apiVersion: "extensions.istio.io/v1alpha1",
    kind: "TrafficExtension",
    metadata: { name: "postern" },
    spec: { ...target, phase: "AUTHN", wasm: { ...plugin(filter, cluster), pluginName: "postern" } },
  };
}

/** The same for Istio before TrafficExtension. */
export function wasmPlugin(filter: MeshFilter, target: object, cluster?: string): object {
  return {
    apiVersion: "extensions.istio.io/v1alpha1",
    kind: "WasmPlugin",
    metadata: { name: "postern" },
    spec: { ...target, phase: "AUTHN", ...plugin(filter, cluster), pluginName: "postern" },
  };
}

function plugin({ image, imageSha256, moduleSha256, policy, secretNames }: MeshFilter, cluster?: string): object {
  return {
    url: `oci://${image}`,
    sha256: imageSha256,
    failStrategy: "FAIL_RELOAD",
    pluginConfig: jsonConfiguration(policy, cluster),
    vmConfig: {
      env: [
        { name: "POSTERN_MODULE", value: moduleSha256 },
        ...secretNames.map((name) => ({ name, valueFrom: "HOST" })),
      ],
    },
  };
}
