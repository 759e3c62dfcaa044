import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isReady } from "../gateway/envoy-admin.ts";
import type { StateFolder } from "../gateway/state.ts";
import { type Program, Supervised } from "../gateway/supervisor.ts";
import { waitUntil } from "../gateway/wait-until.ts";
import { replaceFile } from "../replace-file.ts";

const startMillis = 30_000;
const discardingSidecar = fileURLToPath(new URL("./discarding-sidecar.ts", import.meta.url));
const extAuthzServer = fileURLToPath(new URL("./ext-authz-server.ts", import.meta.url));

/** A process that was started, and must be stopped. */
export interface Running {
  /** @throws Error it has ended */
  readonly pid: () => number;
  stop(): Promise<void>;
}

/** An Envoy with one worker, as the gateway starts its own. */
export async function startEnvoy(
  name: string,
  binary: string,
  bootstrap: object,
  state: StateFolder,
): Promise<Running> {
  await replaceFile(join(state.run, "envoy.json"), JSON.stringify(bootstrap, null, 2));
  const flags = ["--disable-hot-restart", "--concurrency", "1", "--log-level", "warning"];
  return start(name, binary, ["--config-path", "envoy.json", ...flags], state, () => isReady(state.adminSocket));
}

/** What takes a sidecar's place and acknowledges every report unread. */
export async function startDiscardingSidecar(state: StateFolder): Promise<Running> {
  const args = ["--import", import.meta.resolve("tsx"), discardingSidecar, state.sidecarSocket];
  return start("discarding", process.execPath, args, state, async () => existsSync(state.sidecarSocket));
}

/** The do-nothing authorisation server, where a gateway's sidecar would listen. */
export async function startExtAuthzServer(state: StateFolder): Promise<Running> {
  const args = ["--import", import.meta.resolve("tsx"), extAuthzServer, state.sidecarSocket];
  return start("ext_authz", process.execPath, args, state, async () => existsSync(state.sidecarSocket));
}

async function start(
  name: string,
  command: string,
  args: readonly string[],
  state: StateFolder,
  isUp: () => Promise<boolean>,
): Promise<Running> {
  const program: Program = {
    name,
    command,
    args,
    cwd: state.run,
    env: process.env,
    logFile: join(state.log, `${name}.log`),
  };
  const supervised = await Supervised.start(program, () => undefined);
  const up = await waitUntil(async () => supervised.ended || (await isUp()), startMillis);
  if (!up || supervised.ended) {
    const failure = await supervised.failure();
    await supervised.stop();
    throw failure;
  }
  return {
    pid: () => {
      if (supervised.pid === null || supervised.ended) throw new Error(`${name} has ended`);
      return supervised.pid;
    },
    stop: () => supervised.stop(),
  };
}
