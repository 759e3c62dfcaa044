import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import {
  type CallOptions,
  Client,
  type ClientDuplexStream,
  credentials,
  type MethodDefinition,
  type ServiceDefinition,
  type ServiceError,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import type { Link } from "../../inference-sidecar/src/decision-log/chain.ts";
import type { LogRecord } from "../../inference-sidecar/src/decision-log/record.ts";
import { buildSidecar } from "../../scripts/build/sidecar.ts";

export const testBundle = fileURLToPath(new URL("../fixtures/bundle/", import.meta.url));
export const protoPath = fileURLToPath(new URL("../../inference-sidecar/proto/postern.proto", import.meta.url));
export const token = "a-token-for-tests-of-forty-characters-00";

const manifest = JSON.parse(await readFile(join(testBundle, "manifest.json"), "utf8"));
export const digest = Buffer.from(manifest.digest, "hex");
const proto = loadSync(protoPath, { longs: Number, enums: String, defaults: true });
export const service = proto["postern.v1.PolicyInformationPoint"] as ServiceDefinition;
const healthProto = fileURLToPath(
  new URL("../../node_modules/grpc-health-check/proto/health/v1/health.proto", import.meta.url),
);
const health = loadSync(healthProto, { enums: String, defaults: true })["grpc.health.v1.Health"] as ServiceDefinition;

const START_MS = 60_000;

interface Event {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** Settings that a test changes, laid over the configuration of `startSidecar`. */
export interface Settings {
  /** Instead of the built main.mjs. */
  readonly main?: string;
  readonly state?: string;
  readonly socketPath?: string;
  /** Default: any free port, and `token`. */
  readonly dashboard?: { readonly socketPath: string } | { readonly port: number; readonly token?: string };
  readonly bundleDirectory?: string;
  readonly egressDirectory?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly limits?: Record<string, number>;
  readonly log?: Record<string, number>;
  /** Runs `node` through the shell after these commands. */
  readonly shell?: string;
}

export interface RunningSidecar {
  readonly state: string;
  readonly socketPath: string;
  readonly child: ChildProcess;
  readonly events: readonly Event[];
  readonly client: TestClient;
  /** Resolves with the event's fields once it has been logged; rejects when the process ends first. */
  event(name: string): Promise<Event>;
  exit(): Promise<{ code: number | null; signal: string | null }>;
  /** Kills it with -9 and waits for its end. */
  kill(): Promise<void>;
  /** Ends the process; the state folder goes too, unless the test gave it. */
  stop(): Promise<void>;
}

/** The bundled sidecar as a process of its own. Wait for `event("listening")` or `event("model_ready")`. */
export async function startSidecar(settings: Settings = {}): Promise<RunningSidecar> {
  const main = settings.main ?? (await buildSidecar());
  const state = settings.state ?? (await temporaryFolder());
  const socketPath = settings.socketPath ?? join(state, "run", "sidecar.sock");
  const configuration = join(state, `config-${randomBytes(4).toString("hex")}.json`);
  const content = {
    socketPath,
    stateDirectory: state,
    bundleDirectory: settings.bundleDirectory ?? testBundle,
    egressDirectory: settings.egressDirectory,
    dashboard: { token, ...(settings.dashboard ?? { port: 0 }) },
    limits: settings.limits ?? {},
    log: settings.log ?? {},
  };
  await writeFile(configuration, JSON.stringify(content), { mode: 0o600 });
  const options: SpawnOptions = { stdio: ["pipe", "ignore", "pipe"], env: { ...process.env, ...settings.env } };
  const child: ChildProcess =
    settings.shell === undefined
      ? spawn(process.execPath, [main, "--config", configuration], options)
      : spawn(
          "sh",
          ["-c", `${settings.shell}; exec "$0" "$1" --config "$2"`, process.execPath, main, configuration],
          options,
        );
  const { events, event, exit } = follow(child);
  const client = new TestClient(socketPath);
  return {
    state,
    socketPath,
    child,
    events,
    client,
    event,
    exit,
    async kill() {
      child.kill("SIGKILL");
      await exit();
    },
    async stop() {
      client.close();
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await exit();
      if (settings.state === undefined) await rm(state, { recursive: true, force: true });
    },
  };
}

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "postern-sidecar-"));
}

/** A record, or a gap (then without the record's fields). */
export type Line = LogRecord & Partial<Link> & { gap?: { worker: string; first: number; last: number; lost: number } };

/** The decision log's records and gaps, parsed, in the order of the files' names. */
export async function logLines(state: string): Promise<Line[]> {
  const folder = join(state, "log");
  const lines: Line[] = [];
  for (const name of (await readdir(folder)).filter((file) => file.endsWith(".jsonl")).sort()) {
    const text = await readFile(join(folder, name), "utf8");
    if (text !== "" && !text.endsWith("\n")) throw new Error(`${name} ends in a torn line`);
    for (const line of text.split("\n").slice(0, -1)) lines.push(JSON.parse(line));
  }
  return lines.filter((line) => "id" in line || "gap" in line);
}

/** Asks again until it holds. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  milliseconds = 30_000,
): Promise<void> {
  const end = Date.now() + milliseconds;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not in ${milliseconds} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

interface ScoreResponse {
  scores: { attackMillionths: number; attackClass: string; surprisalMillibits: number; usualMillibits: number }[];
}

/** A decision and its completion side by side. */
export interface FlatRecord {
  readonly sequence: number;
  readonly decisionId: Buffer;
  readonly [field: string]: unknown;
}

/** postern.v1.Record */
export function wireRecord({ sequence, decisionId, ...fields }: FlatRecord): object {
  const { responseStatus, responseBytes, ended, ...decision } = fields;
  return { sequence, decisionId, decision, completion: { responseStatus, responseBytes, ended } };
}

class TestClient {
  readonly #client: Client;

  constructor(socketPath: string) {
    this.#client = new Client(`unix:${socketPath}`, credentials.createInsecure(), {
      "grpc.initial_reconnect_backoff_ms": 50,
      "grpc.max_reconnect_backoff_ms": 200,
      "grpc.max_send_message_length": -1,
    });
  }

  score(
    windows: readonly (string | Buffer)[],
    {
      bundleDigest = digest,
      edges = [] as number[],
      kinds = [] as number[],
      timeoutMs = 10_000,
      signal = undefined as AbortSignal | undefined,
    } = {},
  ) {
    const request = { bundleDigest, windows: windows.map((window) => Buffer.from(window as string)), edges, kinds };
    return this.#call<ScoreResponse>(service, "Score", request, timeoutMs, signal);
  }

  /** A report in a call of its own. */
  report(request: object, timeoutMs = 10_000): Promise<{ acknowledged: number }> {
    return this.#call(service, "Report", request, timeoutMs);
  }

  /** A call for one report after the other. */
  reports(): ClientDuplexStream<object, { acknowledged: number; takesMore: boolean }> {
    const { path, requestSerialize, responseDeserialize } = service.Report as MethodDefinition<
      object,
      { acknowledged: number; takesMore: boolean }
    >;
    return this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  }

  async health(name = ""): Promise<string> {
    return (await this.#call<{ status: string }>(health, "check", { service: name }, 5000)).status;
  }

  /** A call whose request is these very bytes. */
  raw(method: string, message: Buffer): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const options: CallOptions = { deadline: Date.now() + 10_000 };
      const decode = (bytes: Buffer) => bytes;
      this.#client.makeUnaryRequest(
        `/postern.v1.PolicyInformationPoint/${method}`,
        () => message,
        decode,
        {},
        options,
        (error, value) => (error ? reject(error) : resolve(value)),
      );
    });
  }

  close(): void {
    this.#client.close();
  }

  #call<Response>(
    of: ServiceDefinition,
    name: string,
    request: object,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<Response> {
    const method = Object.entries(of).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
    if (method === undefined) throw new Error(`no method ${name}`);
    return new Promise((resolve, reject) => {
      const { path, requestSerialize, responseDeserialize } = method;
      const call = this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        { deadline: Date.now() + timeoutMs },
        (error: ServiceError | null, value?: object) => (error ? reject(error) : resolve(value as Response)),
      );
      signal?.addEventListener("abort", () => call.cancel());
    });
  }
}

function follow(child: ChildProcess) {
  const events: Event[] = [];
  let ended = false;
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once("close", (code, signal) => {
      ended = true;
      resolve({ code, signal });
    });
  });
  if (child.stderr !== null)
    createInterface({ input: child.stderr }).on("line", (line) => events.push(JSON.parse(line)));
  const event = async (name: string): Promise<Event> => {
    const find = () => events.find((logged) => logged.event === name);
    await until(`event ${name}; logged: ${JSON.stringify(events)}`, () => ended || find() !== undefined, START_MS);
    const found = find();
    if (found === undefined) throw new Error(`ended before ${name}: ${JSON.stringify(events)}`);
    return found;
  };
  return { events, event, exit: () => exited };
}
