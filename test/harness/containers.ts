import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { projectRoot } from "../../scripts/project-root.ts";
import { eventually } from "./eventually.ts";

const run = promisify(execFile);
const folder = join(projectRoot, "envoy");
const pullMillis = 120_000;
const buildMillis = 540_000;
const healthyMillis = 240_000;
const services = ["gateway", "sidecar", "upstream"] as const;

export type Service = (typeof services)[number];

/** What `docker inspect` says of a container; its own field names. */
export interface Container {
  readonly State: {
    readonly Pid: number;
    readonly OOMKilled: boolean;
    readonly Health?: { readonly Status: string };
  };
  readonly RestartCount: number;
  readonly Config: { readonly User: string };
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean;
    readonly CapAdd: readonly string[] | null;
    readonly CapDrop: readonly string[];
    readonly SecurityOpt: readonly string[];
    readonly NetworkMode: string;
    readonly NanoCpus: number;
    readonly Memory: number;
  };
}

/** The stack of envoy/compose.yaml, as a project of its own on free ports. */
export interface TestStack {
  /** `docker compose` for this project; gives its standard output. */
  compose(...args: readonly string[]): Promise<string>;
  /** Where a port of a service is published. */
  port(service: Service, inside: number): Promise<string>;
  inspect(service: Service): Promise<Container>;
  untilHealthy(): Promise<void>;
  /** Gives a running container another limit of memory, bytes. */
  limitMemory(service: Service, bytes: number): Promise<void>;
  /** Bytes of memory by service, as `docker stats` prints them. */
  memory(): Promise<string>;
  /** Removes its containers, networks and volumes. */
  stop(): Promise<void>;
}

/** Why compose files can't be read here, in words; null: they can. No daemon is needed for it. */
export async function missingForCompose(): Promise<string | null> {
  return (await succeeds(["compose", "version"])) ? null : "docker with its compose plugin is not on PATH";
}

/** Why containers can't be tested here, in words; null: they can. Images that are not here are pulled. */
export async function missingForContainers(): Promise<string | null> {
  const withoutCompose = await missingForCompose();
  if (withoutCompose !== null) return withoutCompose;
  if (!(await succeeds(["version"]))) return "no docker daemon can be reached (DOCKER_HOST, or its usual socket)";
  const dockerfile = await readFile(join(folder, "Dockerfile"), "utf8");
  // A stage that starts from another one names it in one word.
  for (const [, image = ""] of dockerfile.matchAll(/^FROM (?:--\S+ )?(\S+[/:]\S+)/gm)) {
    if (await succeeds(["image", "inspect", image])) continue;
    if (!(await succeeds(["pull", "--quiet", image]))) return `the image ${image} is not here and can't be pulled`;
  }
  return null;
}

export interface StackOptions {
  readonly name: string;
  /** Later ones are laid over earlier ones. */
  readonly files: readonly string[];
  /** Default: the images are there. */
  readonly build?: boolean;
}

const shipped: StackOptions = { name: "shipped", files: [join(folder, "compose.yaml")], build: true };

/** Starts a stack and waits until it is healthy; by default the shipped one, its images built. */
export async function startStack({ name, files, build = false }: StackOptions = shipped): Promise<TestStack> {
  const env = { ...process.env, POSTERN_PORT: "0", POSTERN_DASHBOARD_PORT: "0" };
  const chosen = files.flatMap((file) => ["--file", file]);
  const project = ["compose", ...chosen, "--project-name", `postern-${name}-${process.pid}`];
  const compose = async (...args: readonly string[]) => {
    const { stdout } = await run("docker", [...project, ...args], { env, timeout: buildMillis, maxBuffer: 2 ** 26 });
    return stdout;
  };
  const containerOf = async (service: Service) => (await compose("ps", "--all", "--quiet", service)).trim();
  const inspect = async (service: Service) => {
    const { stdout } = await run("docker", ["inspect", await containerOf(service)]);
    return (JSON.parse(stdout) as [Container])[0];
  };
  const stack: TestStack = {
    compose,
    port: async (service, inside) => (await compose("port", service, String(inside))).trim(),
    inspect,
    untilHealthy: async () => {
      for (const service of ["gateway", "sidecar"] as const) {
        const status = async () => (await inspect(service)).State.Health?.Status;
        await eventually(status, (is) => is === "healthy", healthyMillis);
      }
    },
    limitMemory: async (service, bytes) => {
      const most = String(bytes);
      await run("docker", ["update", "--memory", most, "--memory-swap", most, await containerOf(service)]);
    },
    memory: async () => {
      const ids = await Promise.all(services.map(containerOf));
      const { stdout } = await run("docker", ["stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}", ...ids]);
      return stdout.trim().split("\n").join(", ");
    },
    stop: async () => {
      await compose("down", "--volumes", "--timeout", "10");
    },
  };
  try {
    await compose("up", "--detach", ...(build ? ["--build"] : ["--no-build"]));
    await stack.untilHealthy();
  } catch (error) {
    const said = await compose("logs").catch(() => "");
    await stack.stop();
    throw new Error(`${(error as Error).message}\n${said}`);
  }
  return stack;
}

async function succeeds(args: readonly string[]): Promise<boolean> {
  return run("docker", args, { timeout: pullMillis }).then(
    () => true,
    () => false,
  );
}
