import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { WorkerSequences } from "./sequences.ts";
import { logFiles } from "./writer.ts";

const TAIL_BYTES = 4 * 1024 * 1024;

/**
 * Takes up each worker's progress from the end of the log, at most four megabytes: records that were written and not
 * acknowledged when the last run was killed come again, and are known.
 */
export async function recoverSequences(directory: string, sequences: WorkerSequences): Promise<void> {
  const tails: string[] = [];
  let left = TAIL_BYTES;
  for (const name of (await logFiles(directory)).reverse()) {
    if (left <= 0) break;
    const tail = await readTail(join(directory, name), left);
    left -= tail.length;
    tails.unshift(tail.toString("utf8"));
  }
  for (const line of tails.join("\n").split("\n")) {
    const { worker, sequence } = parsed(line);
    if (typeof worker !== "string" || !Number.isSafeInteger(sequence)) continue;
    sequences.set(worker, { last: sequence as number, lost: 0 });
  }
}

async function readTail(path: string, most: number): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size } = await file.stat();
    const length = Math.min(size, most);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** A line that is torn or foreign gives nothing. */
function parsed(line: string): { worker?: unknown; sequence?: unknown } {
  try {
    return Object(JSON.parse(line));
  } catch {
    return {};
  }
}
