import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../durable-file.ts";
import { canonicalOrNull, hashOf, type Link } from "./chain.ts";

/** The newest signed head, kept beside the log: a log that was cut short behind it is found out. */
export interface HeadFile {
  readonly v: 1;
  /** The head's line. */
  readonly head: Link & { readonly time: string; readonly head: string; readonly signature: string };
  /** The log's file in which the head stands, and where it ends there, in bytes. */
  readonly file: string;
  readonly end: number;
  /** Of each worker, oldest first: its name, the last sequence up to the head, records it said it had lost. */
  readonly workers: readonly (readonly [worker: string, last: number, lost: number])[];
  /** Workers that lived then. A release before that says none. */
  readonly living?: readonly string[];
}

const NAME = "head.json";

/** Replaced whole, after what it speaks of is on the disk. A member `check` holds all others against damage (SHA-256). */
export function writeHeadFile(directory: string, head: HeadFile): Promise<void> {
  return writeDurably(join(directory, NAME), JSON.stringify({ ...head, check: hashOf(JSON.stringify(head)) }));
}

/** Null: there is none, it can't be read, or it is damaged. One without `check` is of a release before that. */
export async function readHeadFile(directory: string): Promise<HeadFile | null> {
  try {
    const { check, ...value } = JSON.parse(await readFile(join(directory, NAME), "utf8")) as HeadFile & {
      check?: string;
    };
    if (check !== undefined && check !== hashOf(JSON.stringify(value))) return null;
    const { file, end, workers, living = [], head } = value;
    const lists = Array.isArray(workers) && Array.isArray(living);
    const whole = typeof file === "string" && Number.isSafeInteger(end) && lists;
    const isLine = Number.isSafeInteger(head.n) && typeof head.prev === "string" && canonicalOrNull(head) !== null;
    return whole && isLine ? value : null;
  } catch {
    return null;
  }
}
