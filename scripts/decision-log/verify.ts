import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type HeadFile, readHeadFile } from "../../inference-sidecar/src/decision-log/head-file.ts";
import { type Line, readLines } from "../../inference-sidecar/src/decision-log/lines.ts";
import { isLogFile, logFiles } from "../../inference-sidecar/src/decision-log/log-file.ts";
import { keyId } from "../../inference-sidecar/src/decision-log/signing-key.ts";
import { ChainReader, type LogContent } from "./chain-reader.ts";
import type { LogKeys } from "./public-key.ts";

/** Where another key signs from then on. */
export interface KeyChange {
  /** File and number of the first line, in words. */
  readonly place: string;
  /** Ids of the keys. */
  readonly from: string;
  readonly to: string;
}

export interface LogReport extends LogContent {
  readonly files: number;
  /** Bytes of a last line that is still being written, or was when the sidecar was killed: never acknowledged. */
  readonly torn: number;
  /** Id of the key that signs the newest file. */
  readonly key: string;
  readonly keyChanges: readonly KeyChange[];
  /** The first thing that is wrong, with its place; null: nothing is. */
  readonly problem: string | null;
}

/**
 * Checks the decision log in `STATE/log`: every line canonical, numbered and chained, every file named as it was begun, every head signed by the key that its
 * file names, the newest head, which is kept beside the log, in its place, missing files accounted for, and no others among
 * them. Stops at the first problem. Where all of that holds, a change of the key between two that are not both trusted is one.
 * @throws Error the folder can't be read
 */
export async function verifyLog(directory: string, keys: LogKeys): Promise<LogReport> {
  // In this order: of a log that goes on, a head may stand in a file that is begun after they are counted.
  const newest = await readHeadFile(directory);
  const names = await logFiles(directory);
  const reader = new ChainReader([...keys.former, ...keys.trusted], newest?.head.n ?? null);
  const keyChanges: KeyChange[] = [];
  const trusted = keys.trusted.map(keyId);
  let torn = 0;
  let tornLine = "";
  let before = "";
  let ofNewest = "no line of the log";
  const result = (problem: string | null): LogReport => {
    const key = reader.signer || trusted.at(-1) || "";
    return { ...reader.content, files: names.length, torn, key, keyChanges, problem };
  };
  const lines = placedLines(directory, names);
  for await (const line of lines) {
    if (line.torn > 0 && line.file === names.at(-1)) {
      torn = line.torn;
      tornLine = `${line.place} is cut off: `;
      continue;
    }
    const from = reader.signer;
    const problem = line.torn > 0 ? "is cut off" : reader.take(line.text, line.isFirst ? line.file : null);
    const to = reader.signer;
    if (from !== "" && from !== to) keyChanges.push({ place: line.place, from, to });
    if (problem !== null) {
      const after = (await lines.next()).value?.text ?? null;
      const earlier = reader.blamesEarlier(line.text, after);
      return result(earlier ? `${before} was changed: the line after it does not follow` : `${line.place} ${problem}`);
    }
    before = line.place;
    if (reader.isAtWatched) ofNewest = line.place;
  }
  // The log was begun while it was read.
  if (newest === null && (await readHeadFile(directory)) !== null) return verifyLog(directory, keys);
  const problem = problemOfWhole(reader, newest, tornLine, ofNewest) ?? (await foreignFile(directory));
  return result(problem ?? unvouchedChange(keyChanges, trusted));
}

/** Nothing that the one key has signed tells that the other is the same gateway's: a key was lost, or somebody went on with his own. */
function unvouchedChange(changes: readonly KeyChange[], trusted: readonly string[]): string | null {
  const change = changes.find(({ from, to }) => !trusted.includes(from) || !trusted.includes(to));
  if (change === undefined) return null;
  const { place, from, to } = change;
  return `${place} begins with another signing key, ${to}, than was before, ${from}; but for that the log is whole. Nothing that the former key signed vouches for the new one: where keys/log.key was lost or replaced then, check with both public keys in one file (--key FILE; they are in keys/log.former.pub and keys/log.pub), else what follows is somebody else's`;
}

/** A file that is none of the log, and would be taken for one by whoever reads all of `*.jsonl`. */
async function foreignFile(directory: string): Promise<string | null> {
  const found = await readdir(directory);
  const [foreign] = found.filter((name) => name.endsWith(".jsonl") && !isLogFile(name)).sort();
  return foreign === undefined ? null : `${foreign} is no file of the log: nothing holds its lines`;
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

/** @param ofNewest place of the line with the newest head's number, in words */
function problemOfWhole(
  reader: ChainReader,
  newest: HeadFile | null,
  tornLine: string,
  ofNewest: string,
): string | null {
  const { last, first, heads, decisions } = reader.content;
  if (newest === null) {
    // Before its first decision a log has its first head.
    if (decisions === 0) return null;
    if (heads === 0) return "no head signs any line of the log: who wrote it can't be told";
    return "head.json is missing or unreadable: whether the log was cut short can't be told";
  }
  if (last < newest.head.n) {
    return `${tornLine}the log ends with number ${last}, the newest head in head.json has ${newest.head.n}: it was cut short`;
  }
  if (!reader.holds(newest.head)) {
    return `${ofNewest} is not the head with number ${newest.head.n} that head.json holds: one of the two was changed`;
  }
  if (reader.beginsUnexplained) {
    return `the log begins with number ${first}, and no line of it says that what was before has been removed`;
  }
  return null;
}
