import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findEnvoy } from "../../scripts/gateway/envoy-binary.ts";

const START_MILLIS = 30_000;
const STOP_MILLIS = 5_000;

/** An Envoy that a test has started, and must stop. */
export interface TestEnvoy {
  /** Of this run alone; removed by `stop`. */
  readonly folder: string;
  readonly pid: number;
  /** The port that a listener given port 0 has got. */
  port(listener: string): Promise<number>;
  /** The text of an admin page, such as `/stats`. */
  admin(path: string): Promise<string>;
  /** One counter or gauge of `/stats`; 0 while it does not exist. */
  stat(name: string): Promise<number>;
  /** What Envoy has written so far. */
  log(): Promise<string>;
  stop(): Promise<void>;
}

export interface EnvoyOptions {
  /** Worker threads, each with a VM of its own. Default 1. */
  readonly concurrency?: number;
  readonly env?: Record<string, string>;
  readonly args?: readonly string[];
  /** How long the start may take. Default 30 s. */
  readonly startMillis?: number;
}

/** Starts an Envoy in a folder of its own and waits until it is live; its admin socket is added to the bootstrap. */
export async function startEnvoy(
  makeBootstrap: (folder: string) => object | Promise<object>,
  { concurrency = 1, env = {}, args = [], startMillis = START_MILLIS }: EnvoyOptions = {},
): Promise<TestEnvoy> {
  const binary = await findEnvoy(() => {});
  const folder = await mkdtemp(join(tmpdir(), "envoy-"));
  const adminSocket = join(folder, "admin.sock");
  const logPath = join(folder, "envoy.log");
  const bootstrap = { ...(await makeBootstrap(folder)), admin: { address: { pipe: { path: adminSocket } } } };
  await writeFile(join(folder, "bootstrap.json"), JSON.stringify(bootstrap));
  const log = await open(logPath, "w");
  const fixed = ["--disable-hot-restart", "--log-level", "warning", "--file-flush-interval-msec", "20"];
  const chosen = ["--config-path", join(folder, "bootstrap.json"), "--concurrency", String(concurrency), ...args];
  const child = spawn(binary, [...fixed, ...chosen], {
    stdio: ["ignore", log.fd, log.fd],
    env: { ...process.env, ...env },
  });
  await log.close();
  const endWithTest = () => child.kill("SIGKILL");
  process.once("exit", endWithTest);
  const readLog = () => readFile(logPath, "utf8");
  const admin = (path: string) => adminPage(adminSocket, path);
  const stop = async () => {
    await end(child);
    process.off("exit", endWithTest);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilLive(child, admin, startMillis);
  } catch (error) {
    const tail = (await readLog()).split("\n").slice(-15).join("\n");
    await stop();
    throw new Error(`${(error as Error).message}\n${tail}`);
  }
  return {
    folder,
    pid: child.pid as number,
    port: async (listener) => listenerPort(await admin("/listeners?format=json"), listener),
    admin,
    stat: async (name) => {
      const lines = (await admin("/stats")).split("\n");
      return Number(lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? 0);
    },
    log: readLog,
    stop,
  };
}

async function untilLive(
  child: ChildProcess,
  admin: (path: string) => Promise<string>,
  startMillis: number,
): Promise<void> {
  const deadline = Date.now() + startMillis;
  let failed: Error | undefined;
  child.once("error", (error) => {
    failed = error;
  });
  while (Date.now() < deadline) {
    if (failed) throw failed;
    if (child.exitCode !== null) throw new Error(`Envoy ended with ${child.exitCode}`);
    const ready = await admin("/ready").catch(() => "");
    if (ready.startsWith("LIVE")) return;
    await sleep(20);
  }
  throw new Error("Envoy did not become live");
}

function listenerPort(page: string, listener: string): number {
  interface Listener {
    name: string;
    local_address: { socket_address: { port_value: number } };
  }
  const { listener_statuses: listeners } = JSON.parse(page) as { listener_statuses: Listener[] };
  const found = listeners.find(({ name }) => name === listener);
  if (!found) throw new Error(`Envoy has no listener ${listener}`);
  return found.local_address.socket_address.port_value;
}

function adminPage(socketPath: string, path: string): Promise<string> {
  return new Promise((done, refuse) => {
    const call = request({ socketPath, path, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => done(text));
      response.on("error", refuse);
    });
    call.on("error", refuse);
    call.end();
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise((done) => child.once("exit", done));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MILLIS);
  await ended;
  clearTimeout(timer);
}
