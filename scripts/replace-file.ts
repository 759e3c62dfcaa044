import { rename, rm, writeFile } from "node:fs/promises";

/** Writes beside the file and renames over it: a reader sees the old content or the new, never a part. */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const beside = `${path}.${process.pid}.new`;
  try {
    await writeFile(beside, content, { mode: 0o600 });
    await rename(beside, path);
  } catch (error) {
    // Each process has an id of its own: on a disk that stays full they would gather.
    await rm(beside, { force: true }).catch(() => undefined);
    throw error;
  }
}
