import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { projectRoot } from "../project-root.ts";
import { replaceFile } from "../replace-file.ts";
import type { ListenAddress } from "./ports.ts";
import { isServing } from "./sidecar-health.ts";
import type { StateFolder } from "./state.ts";
import { Supervised } from "./supervisor.ts";
import { waitUntil } from "./wait-until.ts";

/** A sidecar that was started. */
export interface SidecarProcess {
  readonly supervised: Supervised;
  /** What its dashboard asks for; made anew at each start of the gateway. */
  readonly dashboardToken: string;
}

/** Writes the sidecar's configuration and starts it. */
export async function startSidecar(
  entry: string,
  dashboard: ListenAddress,
  state: StateFolder,
  report: (line: string) => void,
): Promise<SidecarProcess> {
  const dashboardToken = randomBytes(32).toString("base64url");
  const configuration = {
    socketPath: state.sidecarSocket,
    adminSocketPath: state.sidecarAdminSocket,
    stateDirectory: state.root,
    bundleDirectory: join(projectRoot, "models", "bundle"),
    dashboard: { ...dashboard, token: dashboardToken },
  };
  const write = () => replaceFile(join(state.run, "sidecar.json"), JSON.stringify(configuration, null, 2));
  await write();
  const program = {
    name: "sidecar",
    command: process.execPath,
    args: [entry, "--config", "sidecar.json"],
    cwd: state.run,
    env: process.env,
    logFile: state.sidecarLog,
    renew: write,
  };
  return { supervised: await Supervised.start(program, report), dashboardToken };
}

/**
 * Waits until the model is loaded and warmed; false: it is still loading when the time is over.
 * @param gaveUp asked while waiting: true ends the wait
 * @throws Error it ended
 */
export async function untilServing(
  { supervised }: SidecarProcess,
  { sidecarSocket }: StateFolder,
  millis: number,
  gaveUp: () => boolean,
): Promise<boolean> {
  let serving = false;
  await waitUntil(async () => {
    serving = await isServing(sidecarSocket);
    return serving || supervised.ended || gaveUp();
  }, millis);
  if (supervised.ended) throw await supervised.failure();
  return serving;
}
