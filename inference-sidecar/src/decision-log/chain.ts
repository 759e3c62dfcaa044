import * as crypto from "node:crypto";
import canonicalize from "canonicalize";

/** The last line of a chain: its number, counted from 1 over all files, and SHA-256 of its bytes in hexadecimal. */
export interface ChainEnd {
  readonly n: number;
  readonly hash: string;
}

/** Before the first line. */
export const GENESIS: ChainEnd = { n: 0, hash: "0".repeat(64) };

/** What every line has besides its own content. */
export interface Link {
  readonly n: number;
  /** Hash of the line before. */
  readonly prev: string;
}

/** Keeps the places of a line's link among its members. */
export const unlinked: Link = { n: 0, prev: "" };

/**
 * The record as the next line of the chain: canonical JSON (RFC 8785), without a line feed. A record with the link
 * `unlinked` has all its members in canonical order and is written as it stands, its link filled in: to sort or copy them
 * costs more than all the rest. (A head has a link before it is signed, and no such order.)
 */
export function seal(record: object, { n, hash }: ChainEnd): { line: string; end: ChainEnd } {
  const line = hasLink(record) ? linked(record, n + 1, hash) : canonical({ ...record, n: n + 1, prev: hash });
  return { line, end: { n: n + 1, hash: hashOf(line) } };
}

interface Linked {
  n: number;
  prev: string;
}

function hasLink(record: object): record is Linked {
  return "prev" in record && record.prev === unlinked.prev;
}

function linked(record: Linked, n: number, prev: string): string {
  record.n = n;
  record.prev = prev;
  return JSON.stringify(record);
}

/** RFC 8785. */
export function canonical(value: object): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("no JSON value");
  return text;
}

/** `v` of every line: a release that would misread an older one's raises it. */
const FORMAT = 1;

/** Why a line can't be read by this release, as the end of a sentence; null: it can. */
export function formatProblem({ v }: Record<string, unknown>): string | null {
  return v === undefined || v === FORMAT ? null : `is of format ${v}, this release reads ${FORMAT}`;
}

export function hashOf(line: string): string {
  return sha256(line);
}

/** In one call where there is one (Node 20.12 on): an object that the collector must destroy costs more than the hash. */
const sha256: (text: string) => string =
  typeof crypto.hash === "function"
    ? (text) => crypto.hash("sha256", text)
    : (text) => crypto.createHash("sha256").update(text).digest("hex");

/** Null: no JSON object with the two members of a link. */
export function parseLine(line: string): (Link & Record<string, unknown>) | null {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null) return null;
    const { n, prev } = value as { n?: unknown; prev?: unknown };
    return Number.isSafeInteger(n) && typeof prev === "string" ? (value as Link & Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
