import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { beyondMeshApi } from "../../envoy/render/holding.ts";
import { clusterFilter, envoyFilter, type PatchScope } from "../../envoy/render/istio/envoy-filter.ts";
import { gateway, gatewaySelector, proxyUser } from "../../envoy/render/istio/gateway.ts";
import { trafficExtension, wasmPlugin } from "../../envoy/render/istio/plugins.ts";
import {
  serviceEntryCluster,
  sidecarServiceEntry,
  waypoint,
  waypointListener,
  waypointTarget,
  workloadPatch,
  workloadSelector,
} from "../../envoy/render/istio/variants.ts";
import type { Policy } from "../../inference-sidecar/src/policy/policy.ts";
import { UsageError } from "../commands/usage-error.ts";
import { projectRoot } from "../project-root.ts";
import { buildAndPush } from "./image-commands.ts";
import { kustomization, manifests } from "./manifests.ts";
import { meshParts } from "./mesh.ts";
import { moduleImage } from "./module-image.ts";
import { projectVersion } from "./project-version.ts";
import type { Rendering, RenderRequest } from "./rendering.ts";
import { createSecret, fromFiles } from "./secret-command.ts";
import { enter } from "./shell-word.ts";

const defaultUpstream = new URL("http://upstream:8080");
const gatewayScope: PatchScope = {
  context: "GATEWAY",
  spec: { workloadSelector: { labels: gatewaySelector.matchLabels } },
};
const waypointScope: PatchScope = { context: "SIDECAR_INBOUND", listener: waypointListener, spec: waypointTarget };
const workloadScope: PatchScope = { context: "SIDECAR_INBOUND", spec: workloadSelector };

/** A gateway with the sidecar in its pod, waypoints, and the module's image; see envoy/istio/README.md. */
export async function renderIstio(request: RenderRequest): Promise<Rendering> {
  const { policy } = request.loaded;
  const image = await moduleImage(request);
  const sidecarImage = `${request.image}-sidecar:${await projectVersion()}`;
  const upstream = request.upstream ?? defaultUpstream;
  if (isIP(upstream.hostname.replace(/^\[(.*)\]$/, "$1")))
    throw new UsageError(`--upstream ${upstream.origin}: Istio routes to names of services; write one.`);
  const { filter, sidecar, secrets } = await meshParts(request, image, sidecarImage);
  const parts = sidecar.parts(proxyUser);
  const beyond = beyondMeshApi(policy);
  const selected = { selector: gatewaySelector };
  const extensions = {
    "extension/trafficextension.yaml": manifests(
      sidecarServiceEntry(),
      trafficExtension(filter, selected, serviceEntryCluster),
    ),
    "extension/wasmplugin.yaml": manifests(sidecarServiceEntry(), wasmPlugin(filter, selected, serviceEntryCluster)),
    "waypoint/trafficextension.yaml": manifests(
      clusterFilter("postern-waypoint", waypointScope),
      trafficExtension(filter, waypointTarget),
    ),
  };
  return {
    publicFiles: true,
    files: {
      "README.md": await readFile(join(projectRoot, "envoy", "istio", "README.md")),
      "gateway.yaml": manifests(...gateway(policy, filter.secretNames, upstream, parts)),
      "sidecar-policy.yaml": manifests(sidecar.configMap),
      "envoyfilter.yaml": manifests(envoyFilter("postern", filter, gatewayScope)),
      "kustomization.yaml": kustomization(["sidecar-policy.yaml", "gateway.yaml", "envoyfilter.yaml"]),
      "serviceentry/serviceentry.yaml": manifests(sidecarServiceEntry()),
      "serviceentry/envoyfilter.yaml": manifests(envoyFilter("postern", filter, gatewayScope, serviceEntryCluster)),
      "waypoint/waypoint.yaml": manifests(...waypoint(parts, filter.secretNames)),
      "waypoint/envoyfilter.yaml": manifests(envoyFilter("postern-waypoint", filter, waypointScope)),
      "workload/patch.yaml": manifests(workloadPatch(parts, filter.secretNames)),
      "workload/envoyfilter.yaml": manifests(envoyFilter("postern-workload", filter, workloadScope)),
      ...(beyond === null ? extensions : {}),
      ...image.files,
    },
    next: [
      enter(request.out),
      ...image.push,
      buildAndPush("sidecar", sidecarImage),
      ...(policy.tls ? [tlsSecretLine(policy.tls, policy.workloads.trustBundle)] : []),
      ...secrets,
      "kubectl apply --server-side --kustomize .      (without --server-side a cluster takes less than 256 KiB)",
      ...(upstream.protocol === "https:"
        ? [`${upstream.hostname} outside of the mesh needs a ServiceEntry of your own, with a port of protocol HTTP`]
        : []),
      ...(beyond === null
        ? ["or, instead of envoyfilter.yaml, extension/trafficextension.yaml (older meshes: wasmplugin.yaml)"]
        : [
            `not written: TrafficExtension and WasmPlugin, since ${beyond}:`,
            "Istio's API can't say that; envoyfilter.yaml does (README.md)",
          ]),
    ],
  };
}

/** How Istio is given the listener's certificate, and the authorities of clients where there are any. */
function tlsSecretLine({ certificate, key }: NonNullable<Policy["tls"]>, trustBundle: string | null): string {
  const files = { "tls.crt": certificate, "tls.key": key, ...(trustBundle === null ? {} : { "ca.crt": trustBundle }) };
  return createSecret("postern-tls", fromFiles(files));
}
