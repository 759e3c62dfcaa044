import { dirname, isAbsolute, join, normalize } from "node:path";
import { readPrivateFile } from "./private-file.ts";
import { StartError } from "./start-error.ts";

/** On the loopback; `port` 0: any free one, told by the `listening` event. Or a Unix socket, for a proxy that publishes it. */
export type DashboardAddress = { readonly host: string; readonly port: number } | { readonly socketPath: string };

/** Everything the sidecar can be told; defaults are filled in, the whole is frozen. */
export interface Configuration {
  /** At most 100 bytes: an address of a Unix socket has 107. */
  readonly socketPath: string;
  /** Takes the commands of an operator. Default: `sidecar-admin.sock` beside the service's. */
  readonly adminSocketPath: string;
  /** Where Envoy takes the probes of the self-test. Default: `self-test.sock` beside the service's. */
  readonly selfTestSocketPath: string;
  /** `log/`, `keys/` and `store/` lie below it. */
  readonly stateDirectory: string;
  /** The policy in force, as whoever renders it has left it for the sidecar. Default: `policy.json` beside the service's socket. */
  readonly policyFile: string;
  /** Has a Unix socket for each host that keys are fetched from (`KeyHost`), of a process with a network; null: this one has. */
  readonly egressDirectory: string | null;
  /** Holds `manifest.json`. */
  readonly bundleDirectory: string;
  /** Serves `/metrics` as well. */
  readonly dashboard: { readonly address: DashboardAddress; readonly token: string };
  /** Decides for a proxy without the filter (envoy.service.auth.v3). Null: it doesn't. */
  readonly extAuthz: { readonly policyPath: string; readonly corePath: string } | null;
  readonly limits: Readonly<Record<keyof typeof LIMITS, number>>;
  readonly log: Readonly<Record<keyof typeof LOG, number>>;
  readonly evidence: Readonly<Record<keyof typeof EVIDENCE, number>>;
}

/** Default, least, greatest. */
type Range = readonly [number, number, number];

const LIMITS = {
  windowsPerCall: [16, 1, 16],
  windowBytes: [256, 1, 256],
  windowsPerBatch: [16, 16, 64],
  /** Admitted and not yet answered, over all calls. */
  windowsInFlight: [256, 16, 4096],
  scoreCallsInFlight: [128, 1, 4096],
  reportCallsInFlight: [8, 1, 64],
  verifyCallsInFlight: [64, 1, 1024],
  signCallsInFlight: [64, 1, 1024],
  checkCallsInFlight: [128, 1, 4096],
  scoreMessageBytes: [64 * 1024, 1024, 64 * 1024],
  verifyMessageBytes: [16 * 1024, 1024, 64 * 1024],
  signMessageBytes: [9 * 1024, 1024, 64 * 1024],
  reportMessageBytes: [4 * 1024 * 1024, 64 * 1024, 4 * 1024 * 1024],
  recordsPerReport: [2048, 1, 2048],
  /** A batch that takes longer has hung the model: it is started anew. */
  inferenceMs: [5000, 100, 60_000],
  /** From the signal to stop until calls still in flight are cut: less than a supervisor waits before it kills. */
  drainMs: [4000, 0, 60_000],
} as const satisfies Record<string, Range>;

const LOG = {
  rotationBytes: [16 * 1024 * 1024, 4096, 1024 * 1024 * 1024],
  /** Of all files together; the oldest go first. */
  retentionBytes: [1024 * 1024 * 1024, 16 * 1024, 1024 * 1024 * 1024 * 1024],
  retentionDays: [90, 1, 3650],
  /** At most so long a line stands without a signed head after it. */
  headMs: [1000, 100, 60_000],
} as const satisfies Record<string, Range>;

const EVIDENCE = {
  /** Of all files together; the oldest go first. */
  retentionBytes: [256 * 1024 * 1024, 64 * 1024, 1024 * 1024 * 1024 * 1024],
  retentionDays: [30, 1, 3650],
} as const satisfies Record<string, Range>;

const FILE_MAX_BYTES = 64 * 1024;
const SOCKET_PATH_MAX_BYTES = 100;
const LOOPBACK = /^(127(\.\d{1,3}){3}|::1)$/;
const TOKEN = /^[A-Za-z0-9_-]{32,128}$/;

/** Reads the configuration file, which holds the dashboard's token and so must be this user's alone (mode 0600). */
export async function readConfiguration(path: string): Promise<Configuration> {
  const content = await readPrivateFile(path, FILE_MAX_BYTES).catch(({ message }: Error) => {
    throw refused(message);
  });
  if (content === null) throw refused(`${path} does not exist`);
  return parseConfiguration(content.toString("utf8"));
}

/** @throws StartError `configuration`, naming the field and what was expected */
export function parseConfiguration(text: string): Configuration {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refused(`not JSON: ${(error as Error).message}`);
  }
  const top = fields(value, "", [
    "socketPath",
    "adminSocketPath",
    "selfTestSocketPath",
    "stateDirectory",
    "policyFile",
    "egressDirectory",
    "bundleDirectory",
    "dashboard",
    "extAuthz",
    "limits",
    "log",
    "evidence",
  ]);
  const dashboard = fields(top.dashboard, "dashboard", ["host", "port", "socketPath", "token"]);
  const service = socketPath(top.socketPath, "socketPath");
  const beside = (name: string) => join(dirname(service), name);
  return Object.freeze({
    socketPath: service,
    adminSocketPath: socketPath(top.adminSocketPath ?? beside("sidecar-admin.sock"), "adminSocketPath"),
    selfTestSocketPath: socketPath(top.selfTestSocketPath ?? beside("self-test.sock"), "selfTestSocketPath"),
    stateDirectory: absolutePath(top.stateDirectory, "stateDirectory"),
    policyFile: absolutePath(top.policyFile ?? beside("policy.json"), "policyFile"),
    egressDirectory: top.egressDirectory === undefined ? null : absolutePath(top.egressDirectory, "egressDirectory"),
    bundleDirectory: absolutePath(top.bundleDirectory, "bundleDirectory"),
    dashboard: Object.freeze({
      address: dashboardAddress(dashboard),
      token: pattern(dashboard.token, "dashboard.token", TOKEN, "32 to 128 of A-Z a-z 0-9 _ -"),
    }),
    extAuthz: top.extAuthz === undefined ? null : extAuthz(top.extAuthz),
    limits: integers(top.limits ?? {}, "limits", LIMITS),
    log: integers(top.log ?? {}, "log", LOG),
    evidence: integers(top.evidence ?? {}, "evidence", EVIDENCE),
  });
}

function dashboardAddress({ host, port, socketPath: path }: Record<string, unknown>): DashboardAddress {
  if (path === undefined) {
    return Object.freeze({
      host: pattern(host ?? "127.0.0.1", "dashboard.host", LOOPBACK, "a loopback address, 127.0.0.1 or ::1"),
      port: integer(port, "dashboard.port", 0, 65_535),
    });
  }
  if (host !== undefined || port !== undefined)
    throw refused("dashboard.socketPath: expected it alone, without host and port");
  return Object.freeze({ socketPath: socketPath(path, "dashboard.socketPath") });
}

function extAuthz(value: unknown): Configuration["extAuthz"] {
  const { policyPath, corePath } = fields(value, "extAuthz", ["policyPath", "corePath"]);
  return Object.freeze({
    policyPath: absolutePath(policyPath, "extAuthz.policyPath"),
    corePath: absolutePath(corePath, "extAuthz.corePath"),
  });
}

function fields(value: unknown, at: string, known: readonly string[]): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw refused(`${at || "the file"}: expected an object`);
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) {
      throw refused(`${at ? `${at}.` : ""}${name}: unknown field; known are ${known.join(", ")}`);
    }
  }
  return value as Record<string, unknown>;
}

function integers<Name extends string>(
  value: unknown,
  at: string,
  ranges: Record<Name, Range>,
): Readonly<Record<Name, number>> {
  const names = Object.keys(ranges) as Name[];
  const given = fields(value, at, names);
  const entries = names.map((name) => {
    const [standard, least, greatest] = ranges[name];
    return [name, integer(given[name] ?? standard, `${at}.${name}`, least, greatest)] as const;
  });
  return Object.freeze(Object.fromEntries(entries) as Record<Name, number>);
}

function integer(value: unknown, at: string, least: number, greatest: number): number {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > greatest) {
    throw refused(`${at}: expected a whole number from ${least} to ${greatest}`);
  }
  return value as number;
}

function pattern(value: unknown, at: string, form: RegExp, expected: string): string {
  if (typeof value !== "string" || !form.test(value)) throw refused(`${at}: expected ${expected}`);
  return value;
}

function absolutePath(value: unknown, at: string): string {
  if (typeof value !== "string" || !isAbsolute(value) || value.includes("\0"))
    throw refused(`${at}: expected an absolute path`);
  return normalize(value);
}

function socketPath(value: unknown, at: string): string {
  const path = absolutePath(value, at);
  if (Buffer.byteLength(path) > SOCKET_PATH_MAX_BYTES) {
    throw refused(`${at}: at most ${SOCKET_PATH_MAX_BYTES} bytes, the limit of a Unix socket's address`);
  }
  return path;
}

function refused(message: string): StartError {
  return new StartError("configuration", `configuration: ${message}`);
}
