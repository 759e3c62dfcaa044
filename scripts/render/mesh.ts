import { hmacSecret, type MeshFilter } from "../../envoy/render/mesh-filter.ts";
import { type MeshSidecar, meshSidecar, revocationSecret } from "../../envoy/render/mesh-sidecar.ts";
import { buildFilter } from "../build/filter.ts";
import { filterPlan } from "../gateway/policy-force.ts";
import type { ModuleImage } from "./module-image.ts";
import type { RenderRequest } from "./rendering.ts";
import { createSecret, fromFiles, secretOfFile } from "./secret-command.ts";

/** What goes into a proxy that a mesh configures, and beside it. */
export interface MeshParts {
  readonly filter: MeshFilter;
  readonly sidecar: MeshSidecar;
  /** How to make the secrets that proxy and sidecar read, in lines. */
  readonly secrets: readonly string[];
}

/** @param namespace of the proxy's pods; null: the current one */
export async function meshParts(
  { loaded, report }: RenderRequest,
  image: ModuleImage,
  sidecarImage: string,
  namespace: string | null = null,
): Promise<MeshParts> {
  const { policy } = loaded;
  const { plan, policyDigest } = await filterPlan(loaded, await buildFilter(report));
  const filter = {
    image: image.reference,
    imageSha256: image.sha256,
    moduleSha256: plan.moduleDigest,
    policy: plan.policy,
    secretNames: plan.secretNames,
    forwardClientCertificate: policy.workloads.forwardedFrom.length > 0,
  };
  const { name, key } = revocationSecret;
  const list = policy.revocation?.file;
  return {
    filter,
    sidecar: meshSidecar(policy, policyDigest, sidecarImage),
    secrets: [
      ...(plan.secretNames.length > 0 ? [hmacSecretLine(plan.secretNames, namespace)] : []),
      ...(list ? [createSecret(name, fromFiles({ [key]: list }), namespace)] : []),
    ],
  };
}

/** In bash. A newline at the end of a file is no part of the secret, and would be one of the proxy's environment. */
function hmacSecretLine(names: readonly string[], namespace: string | null): string {
  const values = names.map((name) => `--from-file=${name}=<(printf %s "${secretOfFile}")`);
  return `${createSecret(hmacSecret, values, namespace)}   # each FILE: the secret.file that the policy names for it`;
}
