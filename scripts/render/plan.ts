import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type EnvoyPlan, longestSocketPath } from "../../envoy/render/plan.ts";
import { heapBytes, tlsPlan, upstreamPlan } from "../gateway/envoy-plan.ts";
import { stateFolder } from "../gateway/state.ts";
import { projectRoot } from "../project-root.ts";
import type { RenderRequest } from "./rendering.ts";

const defaultUpstream = new URL("http://127.0.0.1:3000");
const run = "run";

/** Folders that a plan needs. */
export const planFolders = [run, "state"];

/** Everything that lies below `out`: sockets, state, the files that Envoy watches. @throws Error its path is too long for sockets */
export async function planBelow({ loaded, out, upstream, listen }: RenderRequest): Promise<EnvoyPlan> {
  const { tls, workloads } = loaded.policy;
  const dynamic = join(out, "dynamic");
  const sidecarSocket = join(out, run, "sidecar.sock");
  if (Buffer.byteLength(sidecarSocket) > longestSocketPath)
    throw new Error(
      `--out ${out}: its path is too long for Unix sockets within it (at most ${longestSocketPath} bytes)`,
    );
  return {
    listen: listen ?? { host: "0.0.0.0", port: tls ? 8443 : 8080 },
    tls: tlsPlan(loaded.policy, null),
    forwardClientCertificate: workloads.forwardedFrom.length > 0,
    upstream: await upstreamPlan(upstream ?? defaultUpstream),
    sidecarSocket,
    adminSocket: join(out, run, "admin.sock"),
    selfTestSocket: join(out, run, "self-test.sock"),
    filterConfigFile: join(dynamic, "ecds.json"),
    filterConfigFolder: dynamic,
    accessLog: "/dev/stdout",
    dashboard: null,
    egress: null,
    heapBytes: heapBytes(),
  };
}

/** Commands find the sidecar by its state folder alone. The dashboard's token is made anew each time. */
export function sidecarConfiguration(out: string): object {
  const stateDirectory = join(out, "state");
  return {
    socketPath: join(out, run, "sidecar.sock"),
    adminSocketPath: stateFolder(stateDirectory).sidecarAdminSocket,
    stateDirectory,
    bundleDirectory: join(projectRoot, "models", "bundle"),
    dashboard: { port: 9191, token: randomBytes(32).toString("base64url") },
  };
}
