import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type ChainEnd, parseLine } from "./chain.ts";
import { readLines } from "./lines.ts";
import { dateOf, logFiles } from "./log-file.ts";

export interface RetentionLimits {
  /** Of all files of the log together. */
  readonly retentionBytes: number;
  readonly retentionDays: number;
}

/** A file to be removed, and where the chain stands at its end. */
export interface Outdated extends ChainEnd {
  readonly file: string;
}

const DAY_MS = 86_400_000;

/** The oldest files, as long as all together are too large or they are too old; never the newest. */
export async function outdatedFiles(directory: string, limits: RetentionLimits, now: Date): Promise<Outdated[]> {
  const names = await logFiles(directory);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(directory, name))).size));
  let bytes = sizes.reduce((sum, size) => sum + size, 0);
  const oldest = new Date(now.getTime() - limits.retentionDays * DAY_MS).toISOString().slice(0, 10);
  const outdated: Outdated[] = [];
  for (const [index, file] of names.slice(0, -1).entries()) {
    if (bytes <= limits.retentionBytes && dateOf(file) >= oldest) break;
    // The next file's first line says where the chain stood.
    const next = parseLine(await firstLine(join(directory, names[index + 1] ?? "")));
    if (next === null) break;
    outdated.push({ file, n: next.n - 1, hash: next.prev });
    bytes -= sizes[index] ?? 0;
  }
  return outdated;
}

async function firstLine(path: string): Promise<string> {
  for await (const { text } of readLines(path)) return text;
  return "";
}
