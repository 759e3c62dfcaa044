import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { renderBootstrap } from "../../envoy/render/bootstrap.ts";
import { decisionInMetadata, extAuthzFilter, extAuthzRoutes } from "../../envoy/render/ext-authz.ts";
import { refuseBeyondReach } from "../../inference-sidecar/src/ext-authz/beyond-reach.ts";
import { buildCore } from "../build/core.ts";
import { buildSidecar } from "../build/sidecar.ts";
import { envoyByName } from "../gateway/envoy-binary.ts";
import { planBelow, planFolders, sidecarConfiguration } from "./plan.ts";
import { asJson, type Rendering, type RenderRequest } from "./rendering.ts";
import { shellWord } from "./shell-word.ts";

/** An Envoy without the filter: it asks the sidecar, which decides by the same compiled code. */
export async function renderExtAuthz(request: RenderRequest): Promise<Rendering> {
  const { loaded, out, policyPath } = request;
  const { policy } = loaded;
  refuseBeyondReach(policy);
  const plan = { ...(await planBelow(request)), decisionInLog: decisionInMetadata };
  const bootstrap = renderBootstrap(plan, [extAuthzFilter(policy)], extAuthzRoutes(policy, plan.upstream));
  const extAuthz = { policyPath, corePath: join(out, "core.wasm") };
  const sidecar = await buildSidecar(request.report);
  return {
    folders: planFolders,
    files: {
      "core.wasm": await readFile(await buildCore()),
      "envoy.json": asJson(bootstrap),
      "sidecar.json": asJson({ ...sidecarConfiguration(out), extAuthz }),
    },
    next: [
      `node ${shellWord(sidecar)} --config ${shellWord(join(out, "sidecar.json"))}`,
      `${shellWord(envoyByName())} --disable-hot-restart --config-path ${shellWord(join(out, "envoy.json"))}`,
      "the sidecar takes changes of the policy by itself; render again where routes or score settings have changed",
    ],
  };
}
