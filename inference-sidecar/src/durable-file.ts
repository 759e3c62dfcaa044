import { open, rename } from "node:fs/promises";

/** On the disk when it resolves; a reader sees the old content or the new. */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const beside = `${path}.new`;
  const file = await open(beside, "w", 0o600);
  try {
    await file.writeFile(content);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
}
