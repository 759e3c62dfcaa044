import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beyondMeshApi } from "../../envoy/render/holding.ts";
import { envoyExtensionPolicy, envoyPatchPolicy, envoyProxy } from "../../envoy/render/kubernetes/envoy-gateway.ts";
import {
  common,
  configMapName,
  daemonSet,
  deployment,
  type GatewayPlan,
  secretName,
} from "../../envoy/render/kubernetes/gateway.ts";
import type { MeshFilter } from "../../envoy/render/mesh-filter.ts";
import type { MeshSidecar } from "../../envoy/render/mesh-sidecar.ts";
import type { Policy } from "../../inference-sidecar/src/policy/policy.ts";
import { UsageError } from "../commands/usage-error.ts";
import { formatAddress, type ListenAddress } from "../gateway/ports.ts";
import { projectRoot } from "../project-root.ts";
import { buildAndPush } from "./image-commands.ts";
import { bytesOf, kustomization, manifests, requireRoom, TooLargeError } from "./manifests.ts";
import { meshParts } from "./mesh.ts";
import { moduleImage } from "./module-image.ts";
import { flattenPolicy } from "./policy-files.ts";
import { projectVersion } from "./project-version.ts";
import type { Rendering, RenderRequest } from "./rendering.ts";
import { createSecret, fromFiles } from "./secret-command.ts";
import { enter } from "./shell-word.ts";

/** Where its proxies run. */
const envoyGatewayNamespace = "envoy-gateway-system";
const defaultUpstream = new URL("http://upstream:8080");

/** A kustomize base with a Deployment and a DaemonSet over it, and the filter for Envoy Gateway. */
export async function renderKubernetes(request: RenderRequest): Promise<Rendering> {
  const { loaded, policyPath } = request;
  const { text, publicFiles, secretFiles, revocationFile } = await flattenPolicy(policyPath);
  const hasSecretFiles = Object.keys(secretFiles).length > 0;
  const version = await projectVersion();
  const imageOf = (target: "gateway" | "sidecar") => `${request.image}-${target}:${version}`;
  const plan: GatewayPlan = {
    gatewayImage: imageOf("gateway"),
    sidecarImage: imageOf("sidecar"),
    upstream: request.upstream ?? defaultUpstream,
    listen: listenInPod(request.listen) ?? { host: "0.0.0.0", port: loaded.policy.tls ? 8443 : 8080 },
    hasSecretFiles,
    revocationFile,
  };
  const policyFiles = { "policy.yaml": text, ...publicFiles };
  requireRoom(`ConfigMap ${configMapName}`, bytesOf(policyFiles));
  const entries = Object.entries(policyFiles).map(([name, content]) => [`base/policy/${name}`, content] as const);
  const generated = { name: configMapName, files: Object.keys(policyFiles).map((name) => `policy/${name}`) };
  const image = await moduleImage(request);
  const {
    filter,
    sidecar,
    secrets: meshSecrets,
  } = await meshParts(request, image, plan.sidecarImage, envoyGatewayNamespace);
  const envoyGateway = forEnvoyGateway(loaded.policy, filter, sidecar);
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
      ...envoyGateway.files,
      ...image.files,
    },
    next: [
      enter(request.out),
      ...(["gateway", "sidecar"] as const).map((target) => buildAndPush(target, imageOf(target))),
      ...(hasSecretFiles ? [createSecret(secretName, fromFiles(secretFiles))] : []),
      "kubectl apply --server-side --kustomize deployment      (or daemonset: one on each node)",
      ...(envoyGateway.missing === null
        ? [
            `or, instead of the gateway of its own, for a Gateway "postern" of Envoy Gateway in ${envoyGatewayNamespace} (README.md):`,
            ...image.push,
            ...meshSecrets,
            `kubectl apply --server-side --namespace ${envoyGatewayNamespace} --filename envoy-gateway`,
          ]
        : [`not written: envoy-gateway. ${envoyGateway.missing}`]),
    ],
  };
}

/** What Envoy Gateway takes, and why there is nothing for it; null: there is. */
function forEnvoyGateway(
  policy: Policy,
  filter: MeshFilter,
  sidecar: MeshSidecar,
): { files: Readonly<Record<string, string>>; missing: string | null } {
  const beyond = beyondMeshApi(policy);
  if (beyond !== null) return { files: {}, missing: `Its API can't say that ${beyond} (README.md)` };
  try {
    const files = {
      "envoy-gateway/extension.yaml": manifests(envoyExtensionPolicy(filter), envoyPatchPolicy()),
      "envoy-gateway/proxy.yaml": manifests(sidecar.configMap, envoyProxy(sidecar, filter.secretNames)),
    };
    return { files, missing: null };
  } catch (error) {
    if (error instanceof TooLargeError) return { files: {}, missing: error.message };
    throw error;
  }
}

/** A pod's address is not known beforehand. @throws UsageError another one than "any" */
function listenInPod(listen: ListenAddress | null): ListenAddress | null {
  if (listen === null || (["0.0.0.0", "::"].includes(listen.host) && listen.port > 0)) return listen;
  throw new UsageError(`--listen ${formatAddress(listen)}: in a pod write 0.0.0.0:PORT or [::]:PORT.`);
}
