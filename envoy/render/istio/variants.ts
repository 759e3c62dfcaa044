import { proxyEnvironment } from "../mesh-filter.ts";
import { type SidecarParts, socketMount } from "../sidecar-pod.ts";
import { meshSocket } from "./envoy-filter.ts";
import { proxyUser } from "./gateway.ts";

const host = "postern-sidecar.internal";
const port = 9000;

/** The name that Istio gives the cluster of `sidecarServiceEntry`. */
export const serviceEntryCluster = `outbound|${port}||${host}`;

/** The sidecar as a service of the mesh, for those who may not add clusters by EnvoyFilter. */
export function sidecarServiceEntry(): object {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name: "postern-sidecar" },
    spec: {
      hosts: [host],
      exportTo: ["."],
      location: "MESH_INTERNAL",
      resolution: "STATIC",
      ports: [{ number: port, name: "grpc", protocol: "GRPC" }],
      endpoints: [{ address: `unix://${meshSocket}` }],
    },
  };
}

const waypointName = "postern-waypoint";

/** The listener of a waypoint that routes; the one before it only takes tunnels apart. */
export const waypointListener = "main_internal";

/** Waypoints know no selector: what is for one names it. */
export const waypointTarget = {
  targetRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: waypointName }],
};

/** A waypoint of an ambient mesh, its pods with the sidecar in them: Istio lays the patch over the Deployment that it makes. */
export function waypoint(sidecar: SidecarParts, secretNames: readonly string[]): object[] {
  const patch = {
    spec: {
      template: {
        spec: {
          securityContext: { fsGroup: proxyUser },
          containers: [
            { name: "istio-proxy", volumeMounts: [socketMount], ...proxyEnvironment(secretNames) },
            sidecar.container,
          ],
          volumes: sidecar.volumes,
        },
      },
    },
  };
  return [
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: waypointName },
      data: { deployment: JSON.stringify(patch, null, 2) },
    },
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "Gateway",
      metadata: { name: waypointName, labels: { "istio.io/waypoint-for": "service" } },
      spec: {
        gatewayClassName: "istio-waypoint",
        infrastructure: { parametersRef: { group: "", kind: "ConfigMap", name: waypointName } },
        listeners: [{ name: "mesh", port: 15008, protocol: "HBONE" }],
      },
    },
  ];
}

/** Marks the workloads that the filter is for. */
const workloadLabels = { postern: "guarded" };
export const workloadSelector = { workloadSelector: { labels: workloadLabels } };

/** For a workload with a sidecar proxy of its own: what its pod template is to be patched with. */
export function workloadPatch(sidecar: SidecarParts, secretNames: readonly string[]): object {
  const [shared, ...own] = sidecar.volumes;
  const [volumes, mounts] = [[shared], [socketMount]].map((value) => JSON.stringify(value));
  // Istio lays its own proxy under a container of that name.
  const proxy = { name: "istio-proxy", image: "auto", ...proxyEnvironment(secretNames) };
  return {
    spec: {
      template: {
        metadata: {
          labels: workloadLabels,
          annotations: { "sidecar.istio.io/userVolume": volumes, "sidecar.istio.io/userVolumeMount": mounts },
        },
        spec: {
          containers: [sidecar.container, ...(secretNames.length > 0 ? [proxy] : [])],
          volumes: own,
        },
      },
    },
  };
}
