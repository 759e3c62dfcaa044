import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { DatedNames } from "../dated-names.ts";

const NAMES = new DatedNames(/^evidence-(\d{4}-\d{2}-\d{2})-(\d{4,9})\.bin$/, (of) => `evidence-${of}.bin`);
const DAY_MS = 86_400_000;

export interface EvidenceLimits {
  /** Of all files together; the oldest go first. */
  readonly retentionBytes: number;
  readonly retentionDays: number;
}

/** STATE/evidence, which the first thing to be kept makes. */
export function evidenceDirectory(stateDirectory: string): string {
  return join(stateDirectory, "evidence");
}

/** The names of the store's files, oldest first; none where there is no store. */
export async function segmentNames(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return NAMES.sorted(names);
}

/** The name of the next file on this UTC date. */
export async function nextName(directory: string, today: string): Promise<string> {
  return NAMES.next((await segmentNames(directory)).at(-1) ?? "", today);
}

/** Removes the oldest files, as long as all together are too large or they are too old. None of them is being written. */
export async function removeOutdated(
  directory: string,
  { retentionBytes, retentionDays }: EvidenceLimits,
  now: Date,
): Promise<void> {
  const names = await segmentNames(directory);
  // One that somebody has deleted by now has no bytes.
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(directory, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  const oldest = new Date(now.getTime() - retentionDays * DAY_MS).toISOString().slice(0, 10);
  let bytes = sizes.reduce((sum, size) => sum + size, 0);
  for (const [index, name] of names.entries()) {
    if (bytes <= retentionBytes && NAMES.dateOf(name) >= oldest) return;
    await rm(join(directory, name), { force: true });
    bytes -= sizes[index] ?? 0;
  }
}
