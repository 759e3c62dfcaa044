import { hmacSecret, type MeshFilter } from "../../envoy/render/mesh-filter.ts";
import { type MeshSidecar, meshSidecar, revocationSecret } from "../../envoy/render/mesh-sidecar.ts";
import { buildFilter } from "../build/filter.ts";
import { filterPlan } from "../gateway/policy-force.ts";
import type { ModuleImage } from "./module-image.ts";
import type { RenderRequest } from "./rendering.ts";

/** What goes into a proxy that a mesh configures, and beside it. */
export interface MeshParts {
  readonly filter: MeshFilter;
  readonly sidecar: MeshSidecar;
  /** How to make the secrets that proxy and sidecar read, in lines. */
  readonly secrets: readonly string[];
}

export async function meshParts(
  { loaded, report }: RenderRequest,
  image: ModuleImage,
  sidecarImage: string,
): Promise<MeshParts> {
  const { policy } = loaded;
  const { plan, version } = await filterPlan(policy, await buildFilter(report));
  const filter = {
    image: image.reference,
    imageSha256: image.sha256,
    moduleSha256: plan.moduleDigest,
    policy: plan.policy,
    secretNames: plan.secretNames,
  };
  const { name, key } = revocationSecret;
  const list = policy.revocation?.file;
  return {
    filter,
    sidecar: meshSidecar(policy, version, sidecarImage),
    secrets: [
      ...(plan.secretNames.length > 0
        ? [
            `kubectl create secret generic ${hmacSecret} ${plan.secretNames.map((one) => `--from-file=${one}=…`).join(" ")}`,
          ]
        : []),
      ...(list ? [`kubectl create secret generic ${name} --from-file=${key}=${list}`] : []),
    ],
  };
}
