import { randomBytes } from "node:crypto";
import { open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isLocked } from "./lock.ts";
import type { StateFolder } from "./state.ts";

/** What a start writes fits: each file of `run` is written beside the one that it replaces. */
const leastBytes = 1024 * 1024;
const name = "reserve";

/** Frees what the start before has set aside: what this one writes has room on a disk that has filled up since. */
export async function freeReserve(state: StateFolder): Promise<void> {
  // A gateway that lives will need its own.
  if (!(await isLocked(state))) await rm(join(state.run, name), { force: true });
}

/** Sets room aside for the next start, as far as there is any. */
export async function setReserve({ run }: StateFolder): Promise<void> {
  const sizes = (await readdir(run)).map((file) => stat(join(run, file)).then(({ size }) => size));
  const used = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  const file = await open(join(run, name), "wx", 0o600);
  try {
    // Of what no file system makes smaller.
    await file.writeFile(randomBytes(Math.max(leastBytes, used)));
  } catch {
    // A part is better than none.
  } finally {
    await file.close();
  }
}
