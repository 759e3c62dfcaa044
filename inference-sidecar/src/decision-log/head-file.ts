import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../durable-file.ts";
import type { Link } from "./chain.ts";

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
}

const NAME = "head.json";

/** Replaced whole, after what it speaks of is on the disk. */
export function writeHeadFile(directory: string, head: HeadFile): Promise<void> {
  return writeDurably(join(directory, NAME), JSON.stringify(head));
}

/** Null: there is none, or it can't be read. */
export async function readHeadFile(directory: string): Promise<HeadFile | null> {
  try {
    const value = JSON.parse(await readFile(join(directory, NAME), "utf8")) as HeadFile;
    const { file, end, workers, head } = value;
    const whole = typeof file === "string" && Number.isSafeInteger(end) && Array.isArray(workers);
    return whole && Number.isSafeInteger(head.n) && typeof head.prev === "string" ? value : null;
  } catch {
    return null;
  }
}
