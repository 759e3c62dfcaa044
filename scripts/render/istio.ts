import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { routesHoldingBodies } from "../../envoy/render/holding.ts";
import { envoyFilter, type PatchScope } from "../../envoy/render/istio/envoy-filter.ts";
import { gateway, gatewaySelector, proxyUser } from "../../envoy/render/istio/gateway.ts";
import { trafficExtension, wasmPlugin } from "../../envoy/render/istio/plugins.ts";
import {
  serviceEntryCluster,
  sidecarServiceEntry,
  waypoint,
  waypointTarget,
  workloadPatch,
} from "../../envoy/render/istio/variants.ts";
import { projectRoot } from "../project-root.ts";
import { meshParts } from "./mesh.ts";
import { moduleImage } from "./module-image.ts";
import type { Rendering, RenderRequest } from "./rendering.ts";

const defaultUpstream = new URL("http://upstream:8080");
const gatewayScope: PatchScope = {
  context: "GATEWAY",
  spec: { workloadSelector: { labels: gatewaySelector.matchLabels } },
};
const waypointScope: PatchScope = { context: "WAYPOINT", spec: waypointTarget };

/** A gateway with the sidecar in its pod, waypoints, and the module's image; see envoy/istio/README.md. */
export async function renderIstio(request: RenderRequest): Promise<Rendering> {
  const { policy } = request.loaded;
  const image = await moduleImage(request);
  const sidecarImage = `${request.image}-sidecar:latest`;
  const { filter, sidecar, secrets } = await meshParts(request, image, sidecarImage);
  const parts = sidecar.parts(proxyUser);
  const holding = routesHoldingBodies(policy);
  const selected = { selector: gatewaySelector };
  const extensions = {
    "extension/trafficextension.yaml": manifests(trafficExtension(filter, selected)),
    "extension/wasmplugin.yaml": manifests(wasmPlugin(filter, selected)),
    "waypoint/trafficextension.yaml": manifests(trafficExtension(filter, waypointTarget)),
  };
  return {
    publicFiles: true,
    files: {
      "README.md": await readFile(join(projectRoot, "envoy", "istio", "README.md")),
      "gateway.yaml": manifests(...gateway(policy, filter.secretNames, request.upstream ?? defaultUpstream, parts)),
      "sidecar-policy.yaml": manifests(sidecar.configMap),
      "envoyfilter.yaml": manifests(envoyFilter("postern", filter, gatewayScope)),
      "kustomization.yaml": manifests({
        apiVersion: "kustomize.config.k8s.io/v1beta1",
        kind: "Kustomization",
        resources: ["sidecar-policy.yaml", "gateway.yaml", "envoyfilter.yaml"],
      }),
      "serviceentry/serviceentry.yaml": manifests(sidecarServiceEntry()),
      "serviceentry/envoyfilter.yaml": manifests(envoyFilter("postern", filter, gatewayScope, serviceEntryCluster)),
      "waypoint/waypoint.yaml": manifests(...waypoint(parts, filter.secretNames)),
      "waypoint/envoyfilter.yaml": manifests(envoyFilter("postern-waypoint", filter, waypointScope)),
      "workload/patch.yaml": manifests(workloadPatch(parts)),
      ...(holding.length === 0 ? extensions : {}),
      ...image.files,
    },
    next: [
      ...image.push,
      `docker build --file envoy/Dockerfile --target sidecar --tag ${sidecarImage} . && docker push ${sidecarImage}`,
      ...(policy.tls
        ? ["kubectl create secret generic postern-tls --from-file=tls.crt=… --from-file=tls.key=… --from-file=ca.crt=…"]
        : []),
      ...secrets,
      "kubectl apply --kustomize .",
      ...(holding.length === 0
        ? ["or, instead of envoyfilter.yaml, extension/trafficextension.yaml (older meshes: wasmplugin.yaml)"]
        : [
            `not written: TrafficExtension and WasmPlugin. The routes ${holding.join(", ")} hold bodies, which Istio's API`,
            "can't say; envoyfilter.yaml does (README.md)",
          ]),
    ],
  };
}

/** One YAML file; long lines stay whole. */
export function manifests(...objects: readonly object[]): string {
  return objects.map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })).join("---\n");
}
