import { randomBytes } from "node:crypto";
import { readdir, rm, stat, writeFile } from "node:fs/promises";
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

/** Sets room aside for the next start, as far as there is any: a part is better than none. */
export async function setReserve({ run }: StateFolder): Promise<void> {
  try {
    // Of what no file system makes smaller.
    await writeFile(join(run, name), randomBytes(Math.max(leastBytes, await bytesIn(run))), { mode: 0o600 });
  } catch {
    // The gateway serves without.
  }
}

/** Files come and go meanwhile. */
async function bytesIn(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map((file) =>
    stat(join(folder, file)).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
