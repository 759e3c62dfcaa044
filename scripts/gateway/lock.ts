import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { StateFolder } from "./state.ts";

interface Holder {
  readonly pid: number;
  /** What tells this process from a later one with the same id; empty where the system doesn't say. */
  readonly started: string;
}

const lockName = "gateway.lock";
const asideName = `${lockName}.aside-`;

/**
 * One gateway for a state folder: takes the lock, gives what releases it.
 * @throws Error another living gateway has it
 */
export async function lockState(state: StateFolder): Promise<() => Promise<void>> {
  const path = join(state.run, lockName);
  const mine: Holder = { pid: process.pid, started: startTime(process.pid) };
  // Linked into place whole: nobody sees a lock that does not say whose it is.
  const beside = `${path}.new-${randomUUID()}`;
  await writeFile(beside, JSON.stringify(mine), { flag: "wx", mode: 0o600 });
  try {
    while (!(await linked(beside, path))) {
      const holder = await readHolder(path);
      if (holder && isAlive(holder)) throw inUse(state, holder);
      await removeStale(state, path);
    }
    const displaced = await displacedHolder(state);
    if (displaced) {
      await rm(path, { force: true });
      throw inUse(state, displaced);
    }
    return () => rm(path, { force: true });
  } finally {
    await rm(beside, { force: true });
  }
}

/**
 * Takes a lock away whose holder is dead. Between the look at it and the rename another starter may have put its own
 * there: that one is put back, and whoever took the place meanwhile sees it aside and withdraws.
 */
async function removeStale(state: StateFolder, path: string): Promise<void> {
  const aside = join(state.run, `${asideName}${randomUUID()}`);
  try {
    await rename(path, aside);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw error;
  }
  const holder = await readHolder(aside);
  while (holder && isAlive(holder) && !(await linked(aside, path))) await sleep(5);
  await rm(aside, { force: true });
}

/** A living gateway whose lock another starter has aside at the moment; null: none. */
async function displacedHolder(state: StateFolder): Promise<Holder | null> {
  for (const name of (await readdir(state.run)).filter((one) => one.startsWith(asideName))) {
    const holder = await readHolder(join(state.run, name));
    if (holder && isAlive(holder)) return holder;
  }
  return null;
}

/** False: something is there already. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

function inUse({ root }: StateFolder, { pid }: Holder): Error {
  return new Error(
    `${root} is in use by the gateway with process id ${pid}. Stop that one, or give another folder with --state DIR.`,
  );
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
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
    return hasCode(error, "EPERM");
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
