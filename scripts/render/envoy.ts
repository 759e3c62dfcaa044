import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { renderBootstrap, renderDynamic } from "../../envoy/render/bootstrap.ts";
import { renderFilterConfig, staticFilter } from "../../envoy/render/filter-config.ts";
import { secondLock } from "../../envoy/render/second-lock.ts";
import { policyForSidecar } from "../../inference-sidecar/src/policy-source.ts";
import { buildFilter } from "../build/filter.ts";
import { buildSidecar } from "../build/sidecar.ts";
import { envoyByName } from "../gateway/envoy-binary.ts";
import { filterPlan, secretsOf } from "../gateway/policy-force.ts";
import { planBelow, planFolders, sidecarConfiguration } from "./plan.ts";
import { asJson, type Rendering, type RenderRequest } from "./rendering.ts";
import { secretOfFile } from "./secret-command.ts";
import { shellWord } from "./shell-word.ts";

/** A static file, and the same dynamic by files: a policy that is rendered again there is in force without a restart. */
export async function renderEnvoy(request: RenderRequest): Promise<Rendering> {
  const { loaded, out } = request;
  const { policy } = loaded;
  const built = await buildFilter(request.report);
  const module = await readFile(built);
  const { plan: asBuilt, policyDigest, version } = await filterPlan(loaded, built);
  const filter = { ...asBuilt, wasmFile: join(out, "postern.wasm") };
  const plan = await planBelow(request);
  const behind = request.secondLock ? secondLock(policy) : [];
  const dynamic = renderDynamic(plan, behind, plan.filterConfigFolder);
  const sidecar = await buildSidecar(request.report);
  return {
    folders: planFolders,
    files: {
      "postern.wasm": module,
      "run/policy.json": policyForSidecar(policy, policyDigest),
      "envoy.json": asJson(renderBootstrap(plan, [staticFilter(filter), ...behind])),
      ...Object.fromEntries(Object.entries(dynamic).map(([name, content]) => [`dynamic/${name}`, asJson(content)])),
      "dynamic/ecds.json": asJson(renderFilterConfig(filter, version)),
      "sidecar.json": asJson(sidecarConfiguration(out)),
    },
    next: [
      `node ${shellWord(sidecar)} --config ${shellWord(join(out, "sidecar.json"))}`,
      ...secretLines(request),
      `${shellWord(envoyByName())} --disable-hot-restart --config-path ${shellWord(join(out, "envoy.json"))}`,
      `or, to take what is rendered here again without a restart: --config-path ${shellWord(join(out, "dynamic", "bootstrap.json"))}`,
    ],
  };
}

/** Secrets are in no file: each comes as an environment variable. */
export function secretLines({ loaded }: RenderRequest): string[] {
  return Object.keys(secretsOf(loaded.policy)).map(
    (name) => `export ${name}="${secretOfFile}"   # the secret.file that the policy names for it`,
  );
}
