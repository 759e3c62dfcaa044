import type { Stats } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { projectRoot } from "../project-root.ts";
import type { Rendering, RenderRequest } from "./rendering.ts";

interface Service {
  [key: string]: unknown;
  volumes?: string[];
  build?: Record<string, unknown>;
}

interface Compose {
  name: string;
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
  [key: string]: unknown;
}

const defaultUpstream = new URL("http://upstream:8080");

/** The stack of envoy/compose.yaml in front of a service of one's own: without the demo, with the policy where it lies. */
export async function renderCompose({ loaded, policyPath, upstream, listen }: RenderRequest): Promise<Rendering> {
  const shipped = parse(await readFile(join(projectRoot, "envoy", "compose.yaml"), "utf8"), { merge: true }) as Compose;
  const { gateway, sidecar } = shipped.services as { gateway: Service; sidecar: Service };
  const { "x-hardened": _, ...compose } = shipped;
  const { policy: __, ...volumes } = shipped.volumes;
  const folders = [...new Set(loaded.files.map((file) => dirname(file)))].sort();
  const port = listen?.port ?? (loaded.policy.tls ? 8443 : 8080);
  const host = listen?.host ?? "127.0.0.1";
  const list = loaded.policy.revocation?.file ?? null;
  const services: Record<string, Service> = {
    gateway: {
      ...atRoot(gateway),
      command: ["--upstream", (upstream ?? defaultUpstream).origin, "--policy", policyPath, "--listen", "0.0.0.0:8443"],
      depends_on: { sidecar: { condition: "service_started" } },
      ports: [`${host}:\${POSTERN_PORT:-${port}}:8443`, `127.0.0.1:\${POSTERN_DASHBOARD_PORT:-9191}:9191`],
      volumes: [...folders.map((folder) => `${folder}:${folder}:ro`), "sockets:/run/postern"],
    },
    sidecar: {
      ...atRoot(sidecar),
      volumes: [...(sidecar.volumes ?? []), ...(list === null ? [] : [`${dirname(list)}:${dirname(list)}:ro`])],
    },
  };
  const unreadable = await filesForOthers(list === null ? loaded.files : [...loaded.files, list]);
  return {
    publicFiles: true,
    files: {
      "compose.yaml": stringify({ ...compose, services, volumes }, { aliasDuplicateObjects: false, lineWidth: 0 }),
    },
    next: [
      ...unreadable.map((file) => `the containers' user (65532) must be able to read ${file}`),
      "docker compose --file compose.yaml up --build --detach",
    ],
  };
}

/** Built from the project, wherever the file lies. */
function atRoot(service: Service): Service {
  return { ...service, build: { ...service.build, context: projectRoot } };
}

async function filesForOthers(files: readonly string[]): Promise<string[]> {
  const found = await Promise.all(files.map(async (file) => [file, await stat(file).catch(() => null)] as const));
  const isReadable = ({ mode, uid }: Stats) => uid === 65_532 || (mode & 0o004) !== 0;
  return found.filter(([, stats]) => stats === null || !isReadable(stats)).map(([file]) => file);
}
