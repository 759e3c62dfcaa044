import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** A disk of its own, in memory. */
export interface SmallDisk {
  readonly folder: string;
  /** Leaves no room on it. */
  fill(): Promise<void>;
  /** Makes room again. */
  clear(): Promise<void>;
  remove(): Promise<void>;
}

const run = promisify(execFile);
const missing = "this user can't mount a disk in memory";

export async function missingForSmallDisk(): Promise<string | null> {
  const disk = await makeSmallDisk(1).catch(() => null);
  await disk?.remove();
  return disk === null ? missing : null;
}

/** @throws Error this user can't mount one */
export async function makeSmallDisk(mebibytes: number): Promise<SmallDisk> {
  const folder = await mkdtemp(join(tmpdir(), "postern-disk-"));
  const ballast = join(folder, "ballast");
  try {
    await run("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "postern-test", folder]);
  } catch (error) {
    await rm(folder, { recursive: true });
    throw error;
  }
  return {
    folder,
    // It takes what there is, and fails.
    fill: () => writeFile(ballast, Buffer.alloc(mebibytes * 1024 * 1024), { flag: "a" }).catch(() => undefined),
    clear: () => rm(ballast, { force: true }),
    async remove() {
      await run("umount", ["--lazy", folder]);
      await rm(folder, { recursive: true });
    },
  };
}
