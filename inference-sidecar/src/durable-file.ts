import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** On the disk when it resolves; a reader sees the old content or the new. A process writes a path one time after the other. */
export async function writeDurably(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  const beside = `${path}.${process.pid}.new`;
  await rm(beside, { force: true });
  try {
    await writeNew(beside, content, mode);
  } catch (error) {
    // Each start has an id of its own: on a disk that stays full they would gather.
    await rm(beside, { force: true }).catch(() => undefined);
    throw error;
  }
  await rename(beside, path);
  await syncFolder(dirname(path));
}

/** The same, where the file has another content: a disk that is full takes what it has. */
export async function writeChanged(path: string, text: string, mode = 0o600): Promise<void> {
  if ((await readFile(path, "utf8").catch(() => null)) !== text) await writeDurably(path, text, mode);
}

/** A file that is not there yet, not as a link either. Its content is on the disk when it resolves, its name after `syncFolder`. */
export async function writeNew(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    await file.writeFile(content);
    await file.datasync();
  } finally {
    await file.close();
  }
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
