import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { readKeyId } from "../../inference-sidecar/src/decision-log/signing-key.ts";
import { buildFilter } from "../build/filter.ts";
import { buildSidecar } from "../build/sidecar.ts";
import { findEnvoy } from "./envoy-binary.ts";
import { lockState } from "./lock.ts";
import { chooseAddress, formatAddress, type ListenAddress } from "./ports.ts";
import { boundProcessLogs } from "./process-logs.ts";
import { freeReserve, setReserve } from "./reserve.ts";
import { startSidecar, untilServing } from "./sidecar-process.ts";
import { prepareState, type StateFolder, stateFolder } from "./state.ts";
import { storedModule } from "./stored-module.ts";
import type { Supervised } from "./supervisor.ts";

export interface GatewayOptions {
  readonly upstream: URL;
  /** Null: observe everything. */
  readonly policyPath: string | null;
  /** Null: 127.0.0.1:8080, with TLS 8443. */
  readonly listen: ListenAddress | null;
  /** Null: 127.0.0.1:9191. */
  readonly dashboard: ListenAddress | null;
  readonly stateDirectory: string;
  /** Envoy's workers; null: one for each processor but one, which the model has. */
  readonly concurrency: number | null;
  /** Ends a start that is still under way. */
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

export interface Gateway {
  readonly url: string;
  /** With its token. */
  readonly dashboardUrl: string;
  /** Id of the key that signs the decision log; empty while the sidecar has not made it. */
  readonly logKey: string;
  readonly state: StateFolder;
  readonly envoy: Supervised;
  readonly sidecar: Supervised;
  /** Ends every process and lets go of the state folder. */
  stop(): Promise<void>;
}

const observeEverything = fileURLToPath(new URL("./observe-everything.yaml", import.meta.url));
const startMillis = 30_000;

/**
 * Builds what is missing, starts the sidecar, beside it Envoy, and waits until both answer.
 * @throws Error with what to do next; nothing that was started is left running
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const undo: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return { ...(await start(options, undo)), stop };
  } catch (error) {
    await stop();
    throw isFull(error) ? fullDisk(options.stateDirectory) : error;
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}

function fullDisk(stateDirectory: string): Error {
  return new Error(
    `${resolve(stateDirectory)} can't be written: the disk is full. Make room, or give another folder with --state DIR.`,
  );
}

async function start(options: GatewayOptions, undo: (() => Promise<void>)[]): Promise<Omit<Gateway, "stop">> {
  const { report, signal } = options;
  const state = stateFolder(options.stateDirectory);
  await prepareState(state);
  await freeReserve(state);
  undo.push(await lockState(state));
  const usual = { host: "127.0.0.1", port: 9191 };
  const dashboard = await chooseAddress("--dashboard", options.dashboard, usual, report, options.listen);
  await rm(state.sidecarOfferFile, { force: true });
  const sidecar = await startSidecar(await buildSidecar(), dashboard, state, report);
  undo.push(() => sidecar.supervised.stop());

  // While the sidecar loads its model, this process loads what reads policies.
  const [{ startEnforcementPoint }, envoyBinary] = await Promise.all([
    import("./enforcement-point.ts"),
    findEnvoy(report),
    buildFilter(report),
  ]);
  signal.throwIfAborted();
  const point = await startEnforcementPoint({
    policyPath: options.policyPath ?? observeEverything,
    upstream: options.upstream,
    listen: options.listen,
    state,
    modules: storedModule(state, report),
    envoyBinary,
    workers: options.concurrency ?? Math.max(1, availableParallelism() - 1),
    networkForSidecar: null,
    report,
  });
  undo.push(() => point.stop());

  const [serving] = await Promise.all([
    untilServing(sidecar, state, startMillis, () => signal.aborted || point.envoy.ended),
    point.untilListening(startMillis, () => signal.aborted || sidecar.supervised.ended),
  ]);
  signal.throwIfAborted();
  if (!serving)
    report("the sidecar is still loading: until it serves, routes that ask the model do as onUnavailable says");

  const watch = await point.watchPolicy();
  undo.push(() => watch.close());
  await setReserve(state);
  const logs = boundProcessLogs(state, report);
  undo.push(() => logs.close());
  const dashboardUrl = `http://${formatAddress(dashboard)}/?token=${sidecar.dashboardToken}`;
  const logKey = await readKeyId(state.root).catch(() => "");
  return { url: point.url, dashboardUrl, logKey, state, envoy: point.envoy, sidecar: sidecar.supervised };
}
