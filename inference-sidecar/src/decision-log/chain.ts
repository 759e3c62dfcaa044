import * as crypto from "node:crypto";
import canonicalize from "canonicalize";
import type { LineBytes } from "./line-bytes.ts";
import { printable } from "./printable.ts";

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

/** A line that writes itself as canonical JSON: to make an object of a record and sort its members costs more than all the rest. */
export interface LineWriter {
  /** Without a line feed. */
  write(out: LineBytes, link: Link): void;
}

/** Adds the record as the next line of the chain: canonical JSON (RFC 8785), without a line feed. */
export function addLine(out: LineBytes, { n, hash }: ChainEnd, record: object): void {
  const link = { n: n + 1, prev: hash };
  if ("write" in record) (record as LineWriter).write(out, link);
  else out.text(canonical({ ...record, ...link }));
}

/** RFC 8785. */
export function canonical(value: object): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("no JSON value");
  return text;
}

/** Null: it holds what no canonical JSON can, such as an infinite number or half a surrogate pair. */
export function canonicalOrNull(value: object): string | null {
  try {
    return canonical(value);
  } catch {
    return null;
  }
}

/** `v` of every line: a release that would misread an older one's raises it. */
const FORMAT = 1;
/** Of what a line says for itself. */
const SHOWN_MOST = 40;

/** Why a line can't be read by this release, as the end of a sentence; null: it can. */
export function formatProblem({ v }: Record<string, unknown>): string | null {
  return v === undefined || v === FORMAT
    ? null
    : `is of format ${printable(String(v), SHOWN_MOST)}, this release reads ${FORMAT}`;
}

/** Of a line, or of its bytes. */
export function hashOf(line: string | Buffer): string {
  return sha256(line);
}

/** In one call where there is one (Node 20.12 on): an object that the collector must destroy costs more than the hash. */
const sha256: (line: string | Buffer) => string =
  typeof crypto.hash === "function"
    ? (line) => crypto.hash("sha256", line)
    : (line) => crypto.createHash("sha256").update(line).digest("hex");

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
