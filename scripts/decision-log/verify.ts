import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { type HeadFile, readHeadFile } from "../../inference-sidecar/src/decision-log/head-file.ts";
import { type Line, readLines } from "../../inference-sidecar/src/decision-log/lines.ts";
import { logFiles } from "../../inference-sidecar/src/decision-log/log-file.ts";
import { ChainReader, type LogContent } from "./chain-reader.ts";

export interface LogReport extends LogContent {
  readonly files: number;
  /** Bytes of a last line that is still being written, or was when the sidecar was killed: never acknowledged. */
  readonly torn: number;
  /** The first thing that is wrong, with its place; null: nothing is. */
  readonly problem: string | null;
}

/**
 * Checks the decision log in `STATE/log`: every line canonical, numbered and chained, every head signed by the key, the
 * newest head, which is kept beside the log, in its place, and missing files accounted for. Stops at the first problem.
 * @throws Error the folder can't be read
 */
export async function verifyLog(directory: string, key: KeyObject): Promise<LogReport> {
  const names = await logFiles(directory);
  const newest = await readHeadFile(directory);
  const reader = new ChainReader(key, newest?.head.n ?? null);
  let torn = 0;
  let tornLine = "";
  let before = "";
  const result = (problem: string | null): LogReport => ({ ...reader.content, files: names.length, torn, problem });
  const lines = placedLines(directory, names);
  for await (const line of lines) {
    if (line.torn > 0 && line.file === names.at(-1)) {
      torn = line.torn;
      tornLine = `${line.place} is cut off: `;
      continue;
    }
    const problem = line.torn > 0 ? "is cut off" : reader.take(line.text, line.isFirst);
    if (problem !== null) {
      const after = (await lines.next()).value?.text ?? null;
      const earlier = reader.blamesEarlier(line.text, after);
      return result(earlier ? `${before} was changed: the line after it does not follow` : `${line.place} ${problem}`);
    }
    before = line.place;
  }
  return result(problemOfWhole(reader, newest, tornLine));
}

interface PlacedLine extends Line {
  readonly file: string;
  /** File and number, in words. */
  readonly place: string;
  readonly isFirst: boolean;
}

async function* placedLines(directory: string, names: readonly string[]): AsyncGenerator<PlacedLine, undefined> {
  for (const file of names) {
    let number = 0;
    for await (const line of readLines(join(directory, file))) {
      number += 1;
      yield { ...line, file, place: `${file} line ${number}`, isFirst: number === 1 };
    }
  }
}

function problemOfWhole(reader: ChainReader, newest: HeadFile | null, tornLine: string): string | null {
  const { last, first, heads, decisions } = reader.content;
  if (newest === null) {
    if (heads > 0) return "head.json is missing or unreadable: whether the log was cut short can't be told";
    return decisions > 0 ? "no head signs any line of the log: who wrote it can't be told" : null;
  }
  if (last < newest.head.n) {
    return `${tornLine}the log ends with number ${last}, the newest head in head.json has ${newest.head.n}: it was cut short`;
  }
  if (!reader.holds(newest.head)) return `head.json holds another head with number ${newest.head.n} than the log`;
  if (reader.beginsUnexplained) {
    return `the log begins with number ${first}, and no line of it says that what was before has been removed`;
  }
  return null;
}
