import type { Stats } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { isIP } from "node:net";
import { basename, join, sep } from "node:path";
import { parse, stringify } from "yaml";
import { isLoopback } from "../../inference-sidecar/src/loopback.ts";
import { UsageError } from "../commands/usage-error.ts";
import { formatAddress } from "../gateway/ports.ts";
import { projectRoot } from "../project-root.ts";
import { linkedFolders } from "./linked-folders.ts";
import type { Rendering, RenderRequest } from "./rendering.ts";
import { enter } from "./shell-word.ts";

interface Service {
  [key: string]: unknown;
  volumes?: (string | object)[];
  build?: Record<string, unknown>;
}

interface Compose {
  name: string;
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
  [key: string]: unknown;
}

const defaultUpstream = new URL("http://upstream:8080");
/** What the images have, or are given, at these paths would be hidden by a folder that is mounted there or above. */
const ownFolders = [
  "/opt/postern/container",
  "/opt/postern/models",
  "/nodejs",
  "/usr",
  "/run/postern",
  "/var/lib/postern",
];

/** The stack of envoy/compose.yaml in front of a service of one's own: without the demo, with the policy where it lies. */
export async function renderCompose({ loaded, policyPath, out, upstream, listen }: RenderRequest): Promise<Rendering> {
  const shipped = parse(await readFile(join(projectRoot, "envoy", "compose.yaml"), "utf8"), { merge: true }) as Compose;
  const { gateway, sidecar } = shipped.services as { gateway: Service; sidecar: Service };
  const { "x-hardened": _, ...compose } = shipped;
  const { policy: __, ...volumes } = shipped.volumes;
  const edge = listen ?? { host: "127.0.0.1", port: loaded.policy.tls ? 8443 : 8080 };
  if (!isIP(edge.host))
    throw new UsageError(`--listen ${formatAddress(edge)}: write an address of this machine, such as 127.0.0.1:8443.`);
  const to = upstream ?? defaultUpstream;
  if (isLoopback(to.hostname) || to.hostname.endsWith(".localhost"))
    throw new UsageError(
      `--upstream ${to.origin}: that is the gateway's own container. Write the name that the service has there, such as ${defaultUpstream.origin}.`,
    );
  const project = projectOf(out, compose.name);
  const list = loaded.policy.revocation?.file ?? null;
  const folders = await linkedFolders(loaded.files);
  const listFolders = list === null ? [] : await linkedFolders([list]);
  refuseHiding([...folders, ...listFolders]);
  const services: Record<string, Service> = {
    gateway: {
      ...atRoot(gateway),
      command: ["--upstream", to.origin, "--policy", literal(policyPath), "--listen", "0.0.0.0:8443"],
      depends_on: { sidecar: { condition: "service_started" } },
      ports: [
        published(edge.host, 8443, variable("POSTERN_PORT", edge.port)),
        published("127.0.0.1", 9191, variable("POSTERN_DASHBOARD_PORT", 9191)),
      ],
      volumes: [...folders.map(mounted), "sockets:/run/postern"],
    },
    sidecar: {
      ...atRoot(sidecar),
      volumes: [...(sidecar.volumes ?? []), ...listFolders.map(mounted)],
    },
  };
  const unreadable = await notForOthers(list === null ? loaded.files : [...loaded.files, list]);
  return {
    publicFiles: true,
    files: {
      "compose.yaml": stringify(
        { ...compose, name: project, services, volumes },
        { aliasDuplicateObjects: false, lineWidth: 0 },
      ),
    },
    next: [
      ...unreadable.map((file) => `the containers' user (65532) must be able to read ${file}`),
      enter(out),
      "docker compose --file compose.yaml up --build --detach",
      ...(to.hostname.includes(".") || to.hostname.includes(":")
        ? []
        : [
            `docker network connect --alias ${to.hostname} ${project}_inside CONTAINER      (a service of another project)`,
          ]),
    ],
  };
}

/** Stacks of different folders are projects of their own: of two under one name the second would take the place of the first. */
function projectOf(out: string, shipped: string): string {
  const name = basename(out)
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, "-")
    .replace(/^[-_]+|[-_]+$/g, "");
  if (name === "" || name === shipped) return shipped;
  return name.startsWith(`${shipped}-`) ? name : `${shipped}-${name}`;
}

/** Compose replaces what follows a dollar sign. */
function literal(text: string): string {
  return text.replaceAll("$", "$$$$");
}

function variable(name: string, fallback: number): string {
  return `\${${name}:-${fallback}}`;
}

/** A folder at its own path, for reading. The long form takes every name; what is not there is not made. */
function mounted(folder: string): object {
  const path = literal(folder);
  return { type: "bind", source: path, target: path, read_only: true, bind: { create_host_path: false } };
}

function published(hostIp: string, target: number, port: string): object {
  return { target, host_ip: hostIp, published: port };
}

/** @throws Error a folder of the policy's files can't be mounted at its own path */
function refuseHiding(folders: readonly string[]): void {
  const found = folders.find((folder) => ownFolders.some((own) => own === folder || own.startsWith(join(folder, sep))));
  if (found === undefined) return;
  throw new Error(
    `the folder ${found}, of a file of the policy, would hide what the containers have there: move policy and files to another one, such as /etc/postern`,
  );
}

/** Built from the project, wherever the file lies. */
function atRoot(service: Service): Service {
  return { ...service, build: { ...service.build, context: literal(projectRoot) } };
}

/** Folders that are mounted, and files, that the containers' user can't read; of those above them the container has its own. */
async function notForOthers(files: readonly string[]): Promise<string[]> {
  const paths = [...(await linkedFolders(files)), ...files];
  const found = await Promise.all(paths.map(async (path) => [path, await stat(path).catch(() => null)] as const));
  const isReadable = (stats: Stats) => {
    const wanted = stats.isDirectory() ? 0o005 : 0o004;
    return stats.uid === 65_532 || (stats.mode & wanted) === wanted;
  };
  return found.filter(([, stats]) => stats === null || !isReadable(stats)).map(([file]) => file);
}
