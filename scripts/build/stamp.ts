import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { projectRoot } from "../project-root.ts";
import { replaceFile } from "../replace-file.ts";

/** SHA-256 over the names and contents of files and of all files below folders; what does not exist counts as absent. */
export async function digestOf(paths: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const path of paths) {
    for (const file of await filesBelow(path)) {
      const content = await readFile(file);
      hash.update(`${relative(projectRoot, file)}\0${content.length}\0`).update(content);
    }
  }
  return hash.digest("hex");
}

/** Whether `stamp` says that its outputs were made from what has this digest. */
export async function isStamped(stamp: string, digest: string): Promise<boolean> {
  try {
    return (await readFile(stamp, "utf8")) === digest;
  } catch {
    return false;
  }
}

export async function writeStamp(stamp: string, digest: string): Promise<void> {
  await replaceFile(stamp, digest);
}

async function filesBelow(path: string): Promise<string[]> {
  try {
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOTDIR") return [path];
    if (code === "ENOENT") return [];
    throw error;
  }
}
