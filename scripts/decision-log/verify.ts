import type { KeyObject } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { type HeadFile, readHeadFile } from "../../inference-sidecar/src/decision-log/head-file.ts";
import { logFiles } from "../../inference-sidecar/src/decision-log/log-file.ts";
import { ChainReader, type LogContent } from "./chain-reader.ts";

export interface LogReport extends LogContent {
  readonly files: number;
  /** Bytes of a last line that is still being written, or was when the sidecar was killed: never acknowledged. */
  readonly torn: number;
  /** The first thing that is wrong, with its place; null: nothing is. */
  readonly problem: string | null;
}

interface Line {
  readonly file: string;
  readonly number: number;
  readonly text: string;
  /** The file ends without a line feed after it. */
  readonly torn: boolean;
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
  const result = (problem: string | null): LogReport => ({ ...reader.content, files: names.length, torn, problem });
  for await (const line of readLines(directory, names)) {
    if (line.torn && line.file === names.at(-1)) {
      torn = Buffer.byteLength(line.text);
      continue;
    }
    const problem = line.torn ? "is cut off" : reader.take(line.text, line.number === 1);
    if (problem !== null) return result(`${line.file} line ${line.number} ${problem}`);
  }
  return result(problemOfWhole(reader, newest));
}

function problemOfWhole(reader: ChainReader, newest: HeadFile | null): string | null {
  const { last, first, heads } = reader.content;
  if (newest === null) {
    return heads > 0 ? "head.json is missing or unreadable: whether the log was cut short can't be told" : null;
  }
  if (last < newest.head.n) {
    return `the log ends with number ${last}, the newest head in head.json has ${newest.head.n}: it was cut short`;
  }
  if (!reader.holds(newest.head)) return `head.json holds another head with number ${newest.head.n} than the log`;
  if (reader.beginsUnexplained) {
    return `the log begins with number ${first}, and no line of it says that what was before has been removed`;
  }
  return null;
}

async function* readLines(directory: string, names: readonly string[]): AsyncGenerator<Line> {
  for (const file of names) {
    let number = 0;
    let rest = "";
    // One character a byte: a line that is no UTF-8 keeps its length and its place.
    for await (const chunk of createReadStream(join(directory, file), "latin1") as AsyncIterable<string>) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const text of lines) yield { file, number: ++number, text: fromBytes(text), torn: false };
    }
    if (rest !== "") yield { file, number: ++number, text: fromBytes(rest), torn: true };
  }
}

function fromBytes(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}
