import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogRecord } from "../../inference-sidecar/src/decision-log/record.ts";
import { projectRoot } from "../../scripts/project-root.ts";
import { eventually } from "./eventually.ts";
import { type RunMember, runMembers, runVariable } from "./process-run.ts";
import { findRecord } from "./record.ts";

export interface TestGatewayOptions {
  readonly upstream: URL;
  /** YAML; absent: a gateway without a policy. */
  readonly policy?: string;
  /** Written beside the policy, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** Envoy's workers; default 1. */
  readonly workers?: number;
  /** A state folder to take up, which is left behind; absent: one of its own. */
  readonly state?: string;
}

/** `postern up` as a user runs it, in a process group and with a state folder of its own. */
export interface TestGateway {
  readonly url: string;
  /** With its token. */
  readonly dashboardUrl: string;
  readonly state: string;
  readonly policyPath: string;
  /** Process id of `up`, which leads the group. */
  readonly pid: number;
  /** Everything it has printed. */
  output(): string;
  /** Its living processes; once it has ended, those it left behind. */
  members(): Promise<RunMember[]>;
  sidecarPid(): Promise<number>;
  envoyPid(): Promise<number>;
  /** The decision's record, once it and its completion are in the log. */
  waitForRecord(id: string): Promise<LogRecord>;
  /** Ends it and waits; gives the exit code. The folders are removed. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

const startMillis = 90_000;

export async function startTestGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), "gate-"));
  const state = options.state ?? join(folder, "state");
  const policyPath = join(folder, "policy.yaml");
  if (options.policy !== undefined) await writeFile(policyPath, options.policy);
  for (const [name, content] of Object.entries(options.files ?? {})) await writeFile(join(folder, name), content);
  const { child, output, ended, members } = runPostern([
    "up",
    ...["--upstream", options.upstream.origin, "--state", state],
    ...["--concurrency", String(options.workers ?? 1)],
    ...["--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0"],
    ...(options.policy === undefined ? [] : ["--policy", policyPath]),
  ]);
  const stop = async (signal: NodeJS.Signals = "SIGTERM") => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const code = await ended;
    await rm(folder, { recursive: true, force: true });
    return code;
  };
  try {
    await eventually(
      () => (child.exitCode === null ? output() : "ready; (ended)"),
      (text) => text.includes("ready;"),
      startMillis,
    );
    if (child.exitCode !== null) throw new Error(`postern up ended with ${child.exitCode}:\n${output()}`);
  } catch (error) {
    await stop();
    throw error;
  }
  const pid = child.pid as number;
  const member = async (word: string) => {
    const found = await eventually(
      async () => (await members()).find(({ command }) => command.includes(word)) ?? null,
      (one) => one !== null,
    );
    return (found as RunMember).pid;
  };
  return {
    url: printed(output(), "gateway"),
    dashboardUrl: printed(output(), "dashboard"),
    state,
    policyPath,
    pid,
    output,
    members,
    sidecarPid: () => member("sidecar"),
    envoyPid: () => member("envoy.json"),
    waitForRecord: async (id) => {
      const record = await eventually(
        () => findRecord(state, id),
        (found) => found !== null && found.response !== null,
      );
      return record as LogRecord;
    },
    stop,
  };
}

/** A command that runs, or has run. */
export interface PosternRun {
  readonly child: ChildProcess;
  /** Everything it has printed. */
  output(): string;
  /** The exit code. */
  readonly ended: Promise<number | null>;
  /** The living processes that it has started, and itself. */
  members(): Promise<RunMember[]>;
}

/** Runs the command line in a process group of its own. */
export function runPostern(args: readonly string[], cwd: string = projectRoot): PosternRun {
  const entry = join(projectRoot, "scripts", "postern.mjs");
  const run = randomUUID();
  const child = spawn(process.execPath, [entry, ...args], {
    cwd,
    env: { ...process.env, [runVariable]: run },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (part: string) => {
      text += part;
    });
  }
  const ended = new Promise<number | null>((done, refuse) => {
    child.once("error", refuse);
    child.once("close", (code) => done(code));
  });
  return { child, output: () => text, ended, members: () => runMembers(run) };
}

/** The address in the line that starts with `name`. */
function printed(output: string, name: string): string {
  const address = new RegExp(`^${name} +(\\S+)`, "m").exec(output)?.[1];
  if (address === undefined) throw new Error(`postern up printed no ${name}:\n${output}`);
  return address;
}
