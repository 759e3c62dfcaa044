import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** On the disk when it resolves; a reader sees the old content or the new. A process writes a path one time after the other. */
export async function writeDurably(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  const beside = `${path}.${process.pid}.new`;
  await rm(beside, { force: true });
  // Nothing that somebody has put there, such as a link, is written to.
  const file = await open(beside, "wx", mode);
  try {
    await file.writeFile(content);
    await file.datasync();
  } catch (error) {
    // Each start has an id of its own: on a disk that stays full they would gather.
    await rm(beside, { force: true }).catch(() => undefined);
    throw error;
  } finally {
    await file.close();
  }
  await rename(beside, path);
  await syncFolder(dirname(path));
}

/** That files of a folder have come or have new names outlasts a loss of power. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
