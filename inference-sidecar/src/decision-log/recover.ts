import { stat, truncate, unlink } from "node:fs/promises";
import { join } from "node:path";
import { type ChainEnd, canonical, formatProblem, GENESIS, hashOf, parseLine } from "./chain.ts";
import { readHeadFile } from "./head-file.ts";
import { readLines } from "./lines.ts";
import { inOrder, logFiles } from "./log-file.ts";
import type { WorkerSequences } from "./sequences.ts";

/** Where the run before stopped. */
export interface Recovered {
  readonly end: ChainEnd;
  /** Lines after the last signed head. */
  readonly unsealed: number;
  /** Bytes after the last line: of one that was being written, or what a loss of power has left. They are cut off. */
  readonly torn: number;
  /** Whether there is a signed head. */
  readonly signed: boolean;
}

/**
 * Takes up the chain and each worker's progress from the newest head and what was written after it: records that were
 * written and not acknowledged when the last run was killed come again, and are known. Also where the head's file is gone:
 * what a head has held is missing then, and must not be forgotten. Without a head the newest file with a line is read whole.
 */
export async function recoverLog(directory: string, sequences: WorkerSequences): Promise<Recovered> {
  const names = await logFiles(directory);
  const head = await readHeadFile(directory);
  for (const [worker, last, lost] of head?.workers ?? []) sequences.set(worker, { last, lost });
  for (const worker of head?.living ?? []) sequences.living.add(worker);
  const first = head === null ? await newestWithLine(directory, names) : firstFrom(names, head.file);
  let end = head === null ? GENESIS : { n: head.head.n, hash: hashOf(canonical(head.head)) };
  let unsealed = 0;
  let torn = 0;
  for (const name of names.slice(first)) {
    const path = join(directory, name);
    const start = head !== null && name === head.file ? head.end : 0;
    let whole = start;
    for await (const line of readLines(path, start)) {
      const parsed = line.torn > 0 ? null : parseLine(line.text);
      if (parsed === null) continue;
      const problem = formatProblem(parsed);
      if (problem !== null) throw new Error(`a line of ${path} ${problem}`);
      end = { n: parsed.n, hash: hashOf(line.text) };
      unsealed = "head" in parsed ? 0 : unsealed + 1;
      takeUp(parsed, sequences);
      whole = line.end;
    }
    torn += await cutOff(path, whole);
  }
  return { end, unsealed, torn, signed: head !== null };
}

/** Index of this file, or of the first one behind its place. */
function firstFrom(names: readonly string[], file: string): number {
  return inOrder([file, ...names]).indexOf(file);
}

/** Index of the newest file that has a line of the log; 0: none has. */
async function newestWithLine(directory: string, names: readonly string[]): Promise<number> {
  for (let index = names.length - 1; index > 0; index--) {
    for await (const line of readLines(join(directory, names[index] as string))) {
      if (line.torn === 0 && parseLine(line.text) !== null) return index;
    }
  }
  return 0;
}

/** What follows the last line goes, and a file without any line as a whole; gives how many bytes that were. */
async function cutOff(path: string, whole: number): Promise<number> {
  const { size } = await stat(path);
  if (whole === 0) await unlink(path);
  else if (size > whole) await truncate(path, whole);
  return Math.max(0, size - whole);
}

/** A record's sequence, what a gap says was lost, or who has ended. */
function takeUp({ worker, sequence, gap, ended }: Record<string, unknown>, sequences: WorkerSequences): void {
  if (typeof worker === "string" && Number.isSafeInteger(sequence)) {
    sequences.set(worker, { ...sequences.of(worker), last: sequence as number });
    sequences.living.add(worker);
  } else if (typeof ended === "object" && ended !== null) {
    sequences.living.delete((ended as { worker: string }).worker);
  } else if (typeof gap === "object" && gap !== null) {
    const { worker: of, last, lost } = gap as { worker: string; last: number; lost: number };
    sequences.set(of, { last, lost });
  }
}
