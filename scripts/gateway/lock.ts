import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StateFolder } from "./state.ts";

interface Holder {
  readonly pid: number;
  /** What tells this process from a later one with the same id; empty where the system doesn't say. */
  readonly started: string;
}

/**
 * One gateway for a state folder: takes the lock, gives what releases it.
 *
 * A lock that a dead process left is never taken away, which could hit a living one put there meanwhile: it is
 * succeeded, at the one path that follows from its content, where again only one can be. The successor then moves
 * over it. So the lock's place changes only by whoever holds the lock.
 * @throws Error another living gateway has it
 */
export async function lockState(state: StateFolder): Promise<() => Promise<void>> {
  const path = lockPath(state);
  const content = JSON.stringify({ pid: process.pid, started: startTime(process.pid), id: randomUUID() });
  // Linked into place whole: nobody sees a lock that does not say whose it is.
  const beside = `${path}.new-${randomUUID()}`;
  try {
    await writeFile(beside, content, { flag: "wx", mode: 0o600 });
    for (;;) {
      const place = await lastOf(state, path, content);
      if (!(await linked(beside, place))) continue;
      if (place === path) break;
      // Whoever held the lock at this place may have moved over the first one since.
      const last = await lastOf(state, path, content).catch(async (error: unknown) => {
        await rm(place, { force: true });
        throw error;
      });
      if (last === place) {
        await rename(place, path);
        break;
      }
      await rm(place, { force: true });
    }
    return () => rm(path, { force: true });
  } finally {
    await rm(beside, { force: true });
  }
}

/** Whether a living gateway has the state folder. */
export async function isLocked(state: StateFolder): Promise<boolean> {
  return lastOf(state, lockPath(state), "").then(
    () => false,
    () => true,
  );
}

/**
 * Where the lock with this content lies, or where the next one has to lie: after the dead ones.
 * @throws Error there is a living one
 */
async function lastOf(state: StateFolder, first: string, mine: string): Promise<string> {
  let path = first;
  for (;;) {
    const content = await readLock(path);
    if (content === null || content === mine) return path;
    const holder = parseHolder(content);
    if (holder && isAlive(holder)) throw inUse(state, holder);
    path = `${first}.after-${createHash("sha256").update(content).digest("hex").slice(0, 32)}`;
  }
}

function lockPath({ run }: StateFolder): string {
  return join(run, "gateway.lock");
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

/** Null: there is none. */
async function readLock(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw error;
  }
}

function parseHolder(content: string): Holder | null {
  try {
    return JSON.parse(content) as Holder;
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
