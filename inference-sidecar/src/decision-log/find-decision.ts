import { join } from "node:path";
import { readLines } from "./lines.ts";
import { logFiles } from "./log-file.ts";
import type { LogRecord } from "./record.ts";

/**
 * The decision of that id (32 hexadecimal digits), looked for from the newest file on; null: the log has it no more.
 * @throws Error `signal` has given it up
 */
export async function findDecision(directory: string, id: string, signal: AbortSignal): Promise<LogRecord | null> {
  const mark = `"id":"${id}"`;
  for (const name of (await logFiles(directory)).toReversed()) {
    for await (const { text, torn } of readLines(join(directory, name))) {
      signal.throwIfAborted();
      if (torn > 0 || !text.includes(mark)) continue;
      const line = JSON.parse(text) as LogRecord;
      if (line.id === id && "effect" in line) return line;
    }
  }
  return null;
}
