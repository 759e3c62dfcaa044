import { type ChildProcess, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildSidecar } from "../../scripts/build/sidecar.ts";
import { isServing } from "../../scripts/gateway/sidecar-health.ts";
import { eventually } from "../harness/eventually.ts";
import { readJson } from "./foreign-policy.ts";

/**
 * Starts the sidecar of a rendered folder as it was rendered, but for the dashboard's port, and waits until it serves.
 * @param changes of its configuration
 * @param node that runs it, and how long its start may take
 */
export async function startRenderedSidecar(
  out: string,
  changes: object = {},
  node = process.execPath,
  millis = 60_000,
): Promise<ChildProcess> {
  const configuration = await readJson(join(out, "sidecar.json"));
  const path = join(out, "sidecar-here.json");
  const dashboard = { ...(configuration.dashboard as object), port: 0 };
  await writeFile(path, JSON.stringify({ ...configuration, dashboard, ...changes }), { mode: 0o600 });
  const sidecar = spawn(node, [await buildSidecar(), "--config", path], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  await eventually(() => isServing(join(out, "run", "sidecar.sock")), Boolean, millis);
  return sidecar;
}
