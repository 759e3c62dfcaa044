import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** What is written beside its place, to be renamed: files and folders of a process that was killed stay as that. */
const BESIDE = /\.new(?:-[\w-]+)?$/;
/** Nobody writes at one for so long. */
const LEFT_MS = 3_600_000;

/** Removes from these folders, which are the gateway's alone, what processes that were killed had begun to write. */
export async function removeLeftovers(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => []);
    for (const path of names.filter((name) => BESIDE.test(name)).map((name) => join(folder, name))) {
      const found = await lstat(path).catch(() => null);
      if (found !== null && found.mtimeMs < Date.now() - LEFT_MS)
        await rm(path, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}
