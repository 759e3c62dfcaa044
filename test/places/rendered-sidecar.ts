import { type ChildProcess, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildSidecar } from "../../scripts/build/sidecar.ts";
import { isServing } from "../../scripts/gateway/sidecar-health.ts";
import { eventually } from "../harness/eventually.ts";
import { readJson } from "./foreign-policy.ts";

export interface SidecarChanges {
  /** Of its configuration. */
  readonly configuration?: object;
  /** What runs it; default: this process's. */
  readonly node?: string;
  /** Default: as it is built. */
  readonly main?: string;
}

/** Starts the sidecar of a rendered folder as it was rendered, but for the dashboard's port. */
export async function spawnRenderedSidecar(
  out: string,
  { configuration = {}, node = process.execPath, main }: SidecarChanges = {},
): Promise<ChildProcess> {
  const rendered = await readJson(join(out, "sidecar.json"));
  const path = join(out, "sidecar-here.json");
  const dashboard = { ...(rendered.dashboard as object), port: 0 };
  await writeFile(path, JSON.stringify({ ...rendered, dashboard, ...configuration }), { mode: 0o600 });
  return spawn(node, [main ?? (await buildSidecar()), "--config", path], { stdio: ["ignore", "ignore", "inherit"] });
}

/** Waits until it serves. */
export async function untilServing(sidecar: ChildProcess, out: string, millis = 60_000): Promise<void> {
  const serves = await eventually(
    async () => (sidecar.exitCode === null ? await isServing(join(out, "run", "sidecar.sock")) : null),
    (is) => is !== false,
    millis,
  );
  if (serves === null) throw new Error(`the sidecar ended with ${sidecar.exitCode}`);
}

export async function startRenderedSidecar(out: string, changes: SidecarChanges = {}): Promise<ChildProcess> {
  const sidecar = await spawnRenderedSidecar(out, changes);
  await untilServing(sidecar, out);
  return sidecar;
}
