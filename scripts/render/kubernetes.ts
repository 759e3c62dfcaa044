import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { routesHoldingBodies } from "../../envoy/render/holding.ts";
import { envoyExtensionPolicy, envoyPatchPolicy, envoyProxy } from "../../envoy/render/kubernetes/envoy-gateway.ts";
import {
  common,
  configMapName,
  daemonSet,
  deployment,
  type GatewayPlan,
  secretName,
} from "../../envoy/render/kubernetes/gateway.ts";
import { projectRoot } from "../project-root.ts";
import { manifests } from "./istio.ts";
import { meshParts } from "./mesh.ts";
import { moduleImage } from "./module-image.ts";
import { flattenPolicy } from "./policy-files.ts";
import type { Rendering, RenderRequest } from "./rendering.ts";

const defaultUpstream = new URL("http://upstream:8080");

/** A kustomize base with a Deployment and a DaemonSet over it, and the filter for Envoy Gateway. */
export async function renderKubernetes(request: RenderRequest): Promise<Rendering> {
  const { loaded, policyPath } = request;
  const { text, publicFiles, secretFiles, revocationFile } = await flattenPolicy(policyPath);
  const secrets = Object.entries(secretFiles);
  const plan: GatewayPlan = {
    gatewayImage: `${request.image}-gateway:latest`,
    sidecarImage: `${request.image}-sidecar:latest`,
    upstream: request.upstream ?? defaultUpstream,
    port: request.listen?.port ?? (loaded.policy.tls ? 8443 : 8080),
    hasSecretFiles: secrets.length > 0,
    revocationFile,
  };
  const policyFiles = { "policy.yaml": text, ...publicFiles };
  const entries = Object.entries(policyFiles).map(([name, content]) => [`base/policy/${name}`, content] as const);
  const generated = { name: configMapName, files: Object.keys(policyFiles).map((name) => `policy/${name}`) };
  const image = await moduleImage(request);
  const { filter, sidecar, secrets: meshSecrets } = await meshParts(request, image, plan.sidecarImage);
  const holding = routesHoldingBodies(loaded.policy);
  return {
    publicFiles: true,
    files: {
      "README.md": await readFile(join(projectRoot, "envoy", "kubernetes", "README.md")),
      "base/kustomization.yaml": kustomization(["gateway.yaml"], { configMapGenerator: [generated] }),
      "base/gateway.yaml": manifests(...common(plan)),
      ...Object.fromEntries(entries),
      "deployment/kustomization.yaml": kustomization(["../base", "deployment.yaml"]),
      "deployment/deployment.yaml": manifests(deployment(plan)),
      "daemonset/kustomization.yaml": kustomization(["../base", "daemonset.yaml"]),
      "daemonset/daemonset.yaml": manifests(daemonSet(plan)),
      ...(holding.length === 0
        ? {
            "envoy-gateway/extension.yaml": manifests(envoyExtensionPolicy(filter), envoyPatchPolicy()),
            "envoy-gateway/proxy.yaml": manifests(sidecar.configMap, envoyProxy(sidecar, filter.secretNames)),
          }
        : {}),
      ...image.files,
    },
    next: [
      ...["gateway", "sidecar"].map(
        (target) => `docker build --file envoy/Dockerfile --target ${target} --tag ${request.image}-${target}:latest .`,
      ),
      ...(secrets.length > 0
        ? [
            `kubectl create secret generic ${secretName} ${secrets.map(([name, path]) => `--from-file=${name}=${path}`).join(" ")}`,
          ]
        : []),
      "kubectl apply --kustomize deployment      (or daemonset: one on each node)",
      ...(holding.length === 0
        ? [
            ...image.push,
            ...meshSecrets,
            "kubectl apply --filename envoy-gateway      (for Envoy Gateway, instead of the gateway of its own)",
          ]
        : [
            `not written: envoy-gateway. The routes ${holding.join(", ")} hold bodies, which its API can't say (README.md)`,
          ]),
    ],
  };
}

function kustomization(resources: readonly string[], more: object = {}): string {
  return manifests({ apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization", resources, ...more });
}
