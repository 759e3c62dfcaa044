import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { renderBootstrap, renderDynamic } from "../../envoy/render/bootstrap.ts";
import { renderFilterConfig, staticFilter } from "../../envoy/render/filter-config.ts";
import { type EnvoyPlan, longestSocketPath } from "../../envoy/render/plan.ts";
import { secondLock } from "../../envoy/render/second-lock.ts";
import { buildFilter } from "../build/filter.ts";
import { buildSidecar } from "../build/sidecar.ts";
import { heapBytes, upstreamPlan } from "../gateway/envoy-plan.ts";
import { filterPlan, secretsOf } from "../gateway/policy-force.ts";
import { projectRoot } from "../project-root.ts";
import { asJson, type Rendering, type RenderRequest } from "./rendering.ts";

const defaultUpstream = new URL("http://127.0.0.1:3000");
const run = "run";

/** A static file, and the same dynamic by files: a policy that is rendered again there is in force without a restart. */
export async function renderEnvoy(request: RenderRequest): Promise<Rendering> {
  const { loaded, out } = request;
  const { policy } = loaded;
  const built = await buildFilter(request.report);
  const module = await readFile(built);
  const { plan: asBuilt, version } = await filterPlan(policy, built);
  const filter = { ...asBuilt, wasmFile: join(out, "postern.wasm") };
  const plan = await planFor(request);
  const behind = request.secondLock ? secondLock(policy) : [];
  const dynamic = renderDynamic(plan, behind, plan.filterConfigFolder);
  const sidecar = await buildSidecar(request.report);
  return {
    folders: [run, "state"],
    files: {
      "postern.wasm": module,
      "envoy.json": asJson(renderBootstrap(plan, [staticFilter(filter), ...behind])),
      ...Object.fromEntries(Object.entries(dynamic).map(([name, content]) => [`dynamic/${name}`, asJson(content)])),
      "dynamic/ecds.json": asJson(renderFilterConfig(filter, version)),
      "sidecar.json": asJson(sidecarConfiguration(out)),
    },
    next: [
      `node ${sidecar} --config ${join(out, "sidecar.json")}`,
      ...secretLines(request),
      `envoy --disable-hot-restart --config-path ${join(out, "envoy.json")}`,
      `or, to take what is rendered here again without a restart: --config-path ${join(out, "dynamic", "bootstrap.json")}`,
    ],
  };
}

async function planFor({ loaded, out, upstream, listen }: RenderRequest): Promise<EnvoyPlan> {
  const { tls, workloads } = loaded.policy;
  const dynamic = join(out, "dynamic");
  const sidecarSocket = join(out, run, "sidecar.sock");
  if (Buffer.byteLength(sidecarSocket) > longestSocketPath)
    throw new Error(
      `--out ${out}: its path is too long for Unix sockets within it (at most ${longestSocketPath} bytes)`,
    );
  return {
    listen: listen ?? { host: "0.0.0.0", port: tls ? 8443 : 8080 },
    tls: tls && { certificateFile: tls.certificate, keyFile: tls.key, trustBundleFile: workloads.trustBundle },
    forwardClientCertificate: workloads.forwardedFrom.length > 0,
    upstream: await upstreamPlan(upstream ?? defaultUpstream),
    sidecarSocket,
    adminSocket: join(out, run, "admin.sock"),
    selfTestSocket: join(out, run, "self-test.sock"),
    filterConfigFile: join(dynamic, "ecds.json"),
    filterConfigFolder: dynamic,
    accessLog: "/dev/stdout",
    dashboard: null,
    heapBytes: heapBytes(),
  };
}

/** The dashboard's token is made anew each time. */
function sidecarConfiguration(out: string): object {
  return {
    socketPath: join(out, run, "sidecar.sock"),
    stateDirectory: join(out, "state"),
    bundleDirectory: join(projectRoot, "models", "bundle"),
    dashboard: { port: 9191, token: randomBytes(32).toString("base64url") },
  };
}

/** Secrets are in no file: each comes as an environment variable. */
export function secretLines({ loaded }: RenderRequest): string[] {
  return Object.keys(secretsOf(loaded.policy)).map(
    (name) => `export ${name}="$(cat FILE)"   # the secret.file that the policy names for it`,
  );
}
