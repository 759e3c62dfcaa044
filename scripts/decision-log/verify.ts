import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { type HeadFile, readHeadFile } from "../../inference-sidecar/src/decision-log/head-file.ts";
import { readLines } from "../../inference-sidecar/src/decision-log/lines.ts";
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
  const result = (problem: string | null): LogReport => ({ ...reader.content, files: names.length, torn, problem });
  for (const name of names) {
    let number = 0;
    for await (const line of readLines(join(directory, name))) {
      number += 1;
      if (line.torn > 0 && name === names.at(-1)) {
        torn = line.torn;
        tornLine = `${name} line ${number} is cut off: `;
        continue;
      }
      const problem = line.torn > 0 ? "is cut off" : reader.take(line.text, number === 1);
      if (problem !== null) return result(`${name} line ${number} ${problem}`);
    }
  }
  return result(problemOfWhole(reader, newest, tornLine));
}

function problemOfWhole(reader: ChainReader, newest: HeadFile | null, tornLine: string): string | null {
  const { last, first, heads } = reader.content;
  if (newest === null) {
    return heads > 0 ? "head.json is missing or unreadable: whether the log was cut short can't be told" : null;
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
