import type { KeyObject } from "node:crypto";
import {
  type ChainEnd,
  canonical,
  canonicalOrNull,
  formatProblem,
  GENESIS,
  hashOf,
  type Link,
  parseLine,
} from "../../inference-sidecar/src/decision-log/chain.ts";
import { printable } from "../../inference-sidecar/src/decision-log/printable.ts";
import { hasSignature, keyId } from "../../inference-sidecar/src/decision-log/signing-key.ts";

const KEY_ID_DIGITS = 64;
const FILE_NAME_CHARACTERS = 64;

/** What the lines read so far hold. */
export interface LogContent {
  /** Numbers of the first and the last line; 0: there is none. */
  readonly first: number;
  readonly last: number;
  readonly decisions: number;
  readonly heads: number;
  /** Lines after the newest head: held by the chain, not signed yet. */
  readonly unsigned: number;
  /** Lines that stood without a signed head when the sidecar was started again after a crash. */
  readonly unsealed: number;
  /** Bytes behind the last line that it cut off then. */
  readonly cutOff: number;
  /** Records that never came, by their workers' sequences; and those that workers said they had let go of: some were on their way, and came. */
  readonly missing: number;
  readonly lost: number;
  /** Workers that have ended: what they had not handed over then is missing, and nobody knows how many records that are. */
  readonly ended: number;
}

/** Follows the hash chain of a decision log line by line, and counts what it holds. */
export class ChainReader {
  /** By id. */
  readonly #keys: ReadonlyMap<string, KeyObject>;
  #signer = "";
  /** The number whose line is remembered. */
  readonly #watched: number | null;
  readonly #lost = new Map<string, number>();
  readonly #removed = new Set<string>();
  /** Said to be removed since the newest head: nothing goes before that is signed. */
  readonly #removing = new Set<string>();
  readonly #ended = new Set<string>();
  readonly #counts = { decisions: 0, heads: 0, unsigned: 0, unsealed: 0, cutOff: 0, missing: 0 };
  #start: ChainEnd | null = null;
  #end: ChainEnd = GENESIS;
  #watchedHash = "";

  constructor(keys: readonly KeyObject[], watched: number | null) {
    this.#keys = new Map(keys.map((key) => [keyId(key), key]));
    this.#watched = watched;
  }

  get content(): LogContent {
    const lost = [...this.#lost.values()].reduce((sum, count) => sum + count, 0);
    const first = this.#start === null ? 0 : this.#start.n + 1;
    return { first, last: this.#start === null ? 0 : this.#end.n, lost, ended: this.#ended.size, ...this.#counts };
  }

  /** Id of the key that the newest file names; empty: no file was begun. */
  get signer(): string {
    return this.#signer;
  }

  /** Whether the log does not begin with number 1, and no line says that its files before were removed. */
  get beginsUnexplained(): boolean {
    const start = this.#start;
    return start !== null && !same(start, GENESIS) && !this.#removed.has(`${start.n} ${start.hash}`);
  }

  /** Whether the last line taken has the watched number. */
  get isAtWatched(): boolean {
    return this.#start !== null && this.#end.n === this.#watched;
  }

  /** Whether the line with the watched number is this one. */
  holds(line: Link): boolean {
    return hashOf(canonical(line)) === this.#watchedHash;
  }

  /**
   * Of two lines that do not follow from each other, whether it is the earlier one that was changed: the later one is as it
   * was written where the line after it (null: there is none) follows from it, or where it is signed itself.
   */
  blamesEarlier(later: string, after: string | null): boolean {
    const line = parseLine(later);
    if (line === null || canonicalOrNull(line) !== later) return false;
    if (line.n !== this.#end.n + 1 || line.prev === this.#end.hash) return false;
    return "head" in line ? this.#head(line) === null : after !== null && parseLine(after)?.prev === hashOf(later);
  }

  /**
   * What is wrong with the next line, as the end of a sentence; null: nothing.
   * @param begins name of the file of which it is the first line; null: it is another one
   */
  take(text: string, begins: string | null): string | null {
    const line = parseLine(text);
    if (line === null) return "is no line of a decision log";
    if (canonicalOrNull(line) !== text) return "is not canonical JSON (RFC 8785)";
    const unknown = formatProblem(line);
    if (unknown !== null) return unknown;
    if (this.#start === null) this.#start = this.#end = { n: line.n - 1, hash: line.prev };
    const problem = this.#link(line) ?? this.#open(line, begins) ?? this.#head(line);
    if (problem !== null) return problem;
    this.#end = { n: line.n, hash: hashOf(text) };
    if (line.n === this.#watched) this.#watchedHash = this.#end.hash;
    this.#count(line);
    return null;
  }

  #link({ n, prev }: Link): string | null {
    const expected = this.#end.n + 1;
    if (n !== expected) return `has number ${n} where ${expected} was expected: lines are missing or were moved`;
    if (prev !== this.#end.hash) return "does not follow from the line before it: one of the two was changed";
    return null;
  }

  #open({ open }: Record<string, unknown>, begins: string | null): string | null {
    if ((begins !== null) !== (open !== undefined))
      return "is not the line with which a file, and nothing else, begins";
    if (!isObject(open)) return null;
    // Earlier releases did not say it.
    if (open.file !== undefined && open.file !== begins) {
      return `begins the file ${printable(String(open.file), FILE_NAME_CHARACTERS)}: this one was renamed`;
    }
    const signer = printable(String(open.key), KEY_ID_DIGITS);
    if (!this.#keys.has(signer)) {
      return `names the signing key ${signer}; the key given is ${[...this.#keys.keys()].join(" or ")}`;
    }
    this.#signer = signer;
    this.#counts.unsealed += Number(open.unsealed) || 0;
    this.#counts.cutOff += Number(open.torn) || 0;
    return null;
  }

  #head(line: Record<string, unknown>): string | null {
    if (!("head" in line)) return null;
    const key = this.#keys.get(this.#signer);
    return key !== undefined && hasSignature(line, key) ? null : "is a head whose signature is wrong";
  }

  #count({ head, open, id, gap, retention, ended, worker, sequence }: Record<string, unknown>): void {
    const counts = this.#counts;
    counts.unsigned = head === undefined ? counts.unsigned + 1 : 0;
    if (head !== undefined) counts.heads += 1;
    if (id !== undefined) counts.decisions += 1;
    if (isObject(gap)) {
      counts.missing += Number(gap.last) - Number(gap.first) + 1;
      this.#lost.set(String(gap.worker), Number(gap.lost));
    }
    if (isObject(ended)) this.#ended.add(String(ended.worker));
    // It was only silent, or another one has handed over what it left.
    if (sequence !== undefined) this.#ended.delete(String(worker));
    for (const gone of Array.isArray(retention) ? retention : []) this.#removing.add(`${gone?.n} ${gone?.hash}`);
    if (head !== undefined) for (const gone of this.#removing) this.#removed.add(gone);
    // What was not signed by then was not removed: whoever begins a file anew signs over what he found.
    if (head !== undefined || open !== undefined) this.#removing.clear();
  }
}

function same(a: ChainEnd, b: ChainEnd): boolean {
  return a.n === b.n && a.hash === b.hash;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
