import { createHash } from "node:crypto";
import { readFile, rm, rmdir } from "node:fs/promises";
import { dirname, join, normalize, sep } from "node:path";
import { replaceFile } from "../replace-file.ts";

/** Digests (SHA-256, hexadecimal) of what was written, by path below the folder. No name that `kubectl --filename` reads. */
export type Written = Readonly<Record<string, string>>;

/** What became of files that an earlier rendering wrote and this one does not. */
export interface Leftovers {
  readonly removed: readonly string[];
  /** Changed since by somebody else. */
  readonly kept: readonly string[];
}

const listName = ".postern-render";

/**
 * Files that are to be written and are there already, by somebody else: no earlier rendering's, and not the same.
 * @param wanted what is to be written
 */
export async function foreignFiles(out: string, wanted: Written): Promise<string[]> {
  const before = await readList(join(out, listName));
  const found: string[] = [];
  for (const [path, digest] of Object.entries(wanted)) {
    if (Object.hasOwn(before, path)) continue;
    const content = await readFile(join(out, path)).catch(() => null);
    if (content !== null && digestOf(content) !== digest) found.push(path);
  }
  return found;
}

/**
 * Removes from the folder what an earlier rendering wrote there, this one does not and nobody has changed since: a file
 * that is left behind would be applied with the others. Nothing else is touched.
 * @param now what this rendering has written
 */
export async function removeLeftovers(out: string, now: Written): Promise<Leftovers> {
  const before = await readList(join(out, listName));
  const removed: string[] = [];
  const kept: string[] = [];
  for (const [path, digest] of Object.entries(before)) {
    if (Object.hasOwn(now, path) || !isBelow(path)) continue;
    const content = await readFile(join(out, path)).catch(() => null);
    if (content === null) continue;
    if (digestOf(content) !== digest) {
      kept.push(path);
      continue;
    }
    await rm(join(out, path));
    await removeEmpty(out, dirname(path));
    removed.push(path);
  }
  const stillThere = Object.fromEntries(kept.map((path) => [path, before[path]]));
  await replaceFile(join(out, listName), `${JSON.stringify({ ...stillThere, ...now }, null, 2)}\n`);
  return { removed, kept };
}

export function digestOf(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

async function readList(path: string): Promise<Written> {
  const text = await readFile(path, "utf8").catch(() => "{}");
  try {
    return JSON.parse(text) as Written;
  } catch {
    throw new Error(`${path} is damaged: it says what an earlier rendering wrote. Render into an empty folder.`);
  }
}

function isBelow(path: string): boolean {
  return normalize(path) === path && !path.startsWith(sep) && path.split(sep)[0] !== "..";
}

/** The folder and those above it, up to `out`, as far as nothing is in them. */
async function removeEmpty(out: string, folder: string): Promise<void> {
  for (let at = folder; at !== "."; at = dirname(at)) {
    const isEmpty = await rmdir(join(out, at)).then(
      () => true,
      () => false,
    );
    if (!isEmpty) return;
  }
}
