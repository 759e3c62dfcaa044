import { createReadStream } from "node:fs";
import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { type ChainEnd, canonical, GENESIS, hashOf, parseLine } from "./chain.ts";
import { readHeadFile } from "./head-file.ts";
import { logFiles } from "./log-file.ts";
import type { WorkerSequences } from "./sequences.ts";

/** Where the run before stopped. */
export interface Recovered {
  readonly end: ChainEnd;
  /** Lines after the last signed head. */
  readonly unsealed: number;
  /** Bytes of a line that was being written; they are cut off. */
  readonly torn: number;
}

const LINE_FEED = 0x0a;

/**
 * Takes up the chain and each worker's progress from the newest head and what was written after it: records that were
 * written and not acknowledged when the last run was killed come again, and are known. Without a head the newest file is
 * read whole.
 */
export async function recoverLog(directory: string, sequences: WorkerSequences): Promise<Recovered> {
  const names = await logFiles(directory);
  const found = await readHeadFile(directory);
  const head = found !== null && names.includes(found.file) ? found : null;
  for (const [worker, last, lost] of head?.workers ?? []) sequences.set(worker, { last, lost });
  const first = head === null ? Math.max(0, names.length - 1) : names.indexOf(head.file);
  let end = head === null ? GENESIS : { n: head.head.n, hash: hashOf(canonical(head.head)) };
  let unsealed = 0;
  let torn = 0;
  for (const [index, name] of names.slice(first).entries()) {
    const path = join(directory, name);
    const start = head !== null && index === 0 ? head.end : 0;
    const tail = await readLines(path, start, (line) => {
      const parsed = parseLine(line);
      if (parsed === null) return;
      end = { n: parsed.n, hash: hashOf(line) };
      unsealed = "head" in parsed ? 0 : unsealed + 1;
      takeUp(parsed, sequences);
    });
    if (tail.torn > 0) await truncate(path, tail.end);
    torn += tail.torn;
  }
  return { end, unsealed, torn };
}

/** Whole lines from a byte on; where the last one ends, and how much of another one follows. */
async function readLines(path: string, start: number, onLine: (line: string) => void) {
  let end = start;
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { start }) as AsyncIterable<Buffer>) {
    rest = Buffer.concat([rest, chunk]);
    let at = 0;
    for (let stop = rest.indexOf(LINE_FEED); stop >= 0; stop = rest.indexOf(LINE_FEED, at)) {
      onLine(rest.toString("utf8", at, stop));
      at = stop + 1;
    }
    end += at;
    rest = rest.subarray(at);
  }
  return { end, torn: rest.length };
}

/** A record's sequence, or what a gap says was lost. */
function takeUp({ worker, sequence, gap }: Record<string, unknown>, sequences: WorkerSequences): void {
  if (typeof worker === "string" && Number.isSafeInteger(sequence)) {
    sequences.set(worker, { ...sequences.of(worker), last: sequence as number });
  } else if (typeof gap === "object" && gap !== null) {
    const { worker: of, last, lost } = gap as { worker: string; last: number; lost: number };
    sequences.set(of, { last, lost });
  }
}
