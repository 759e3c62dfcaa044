import { readFileSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StateFolder } from "./state.ts";

interface Holder {
  readonly pid: number;
  /** What tells this process from a later one with the same id; empty where the system doesn't say. */
  readonly started: string;
}

/**
 * One gateway for a state folder: takes the lock, gives what releases it.
 * @throws Error another living gateway has it
 */
export async function lockState(state: StateFolder): Promise<() => Promise<void>> {
  const path = join(state.run, "gateway.lock");
  const mine: Holder = { pid: process.pid, started: startTime(process.pid) };
  for (;;) {
    try {
      await writeFile(path, JSON.stringify(mine), { flag: "wx", mode: 0o600 });
      return () => rm(path, { force: true });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const holder = await readHolder(path);
    if (holder && isAlive(holder)) {
      throw new Error(
        `${state.root} is in use by the gateway with process id ${holder.pid}. Stop that one, or give another folder with --state DIR.`,
      );
    }
    await rm(path, { force: true });
  }
}

async function readHolder(path: string): Promise<Holder | null> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Holder;
  } catch {
    return null;
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  return startTime(holder.pid) === holder.started;
}

/** Linux: clock ticks from boot to the process's start (proc(5), field 22 of stat). */
function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field, the command's name, may hold spaces and brackets.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
