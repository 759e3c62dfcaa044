import { readlink, realpath } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** Folders, sorted, that must be there for files to be read at their paths: their own, and those that symlinks lead through. */
export async function linkedFolders(files: readonly string[]): Promise<string[]> {
  const folders = await Promise.all(files.map(foldersOf));
  return [...new Set(folders.flat())].sort();
}

/** As certbot has it: `live/NAME/fullchain.pem` is a link to `../../archive/NAME/fullchain1.pem`. */
async function foldersOf(file: string): Promise<string[]> {
  const folders = [dirname(file)];
  const real = await realpath(file).catch(() => null);
  if (real === null) return folders;
  for (let at = file; at !== real; ) {
    const target = await readlink(at).catch(() => null);
    // A folder above it is the link: it is mounted as what it is.
    if (target === null) return folders;
    at = resolve(dirname(at), target);
    folders.push(dirname(at));
  }
  return folders;
}
