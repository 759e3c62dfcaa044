import { labelledLines } from "./labelled-lines.ts";
import { labelledRow } from "./labelled-row.ts";
import { RowError } from "./row-error.ts";
import type { ShippedPath } from "./shipped-path.ts";
import { type Quality, Tally } from "./tally.ts";

export interface FileReport {
  readonly quality: Quality;
  /** Lines that were left out. */
  readonly unreadable: number;
}

/**
 * Judges each row of a file of labelled requests by the shipped path.
 * @param onUnreadable told of each line that is left out, and why
 * @param onProgress told how many rows are done
 */
export async function evaluateFile(
  file: string,
  path: ShippedPath,
  onUnreadable: (line: number, why: string) => void,
  onProgress: (rows: number) => void,
): Promise<FileReport> {
  const tally = new Tally(path.thresholds);
  let rows = 0;
  let unreadable = 0;
  for await (const { number, text } of labelledLines(file)) {
    try {
      if (text === null) throw new RowError("expected at most 32 MiB");
      const row = labelledRow(text);
      tally.add(row, await path.judge(row.request));
      onProgress(++rows);
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      unreadable += 1;
      onUnreadable(number, error.message);
    }
  }
  return { quality: tally.quality(), unreadable };
}
