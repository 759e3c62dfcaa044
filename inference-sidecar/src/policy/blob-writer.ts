import { createHash } from "node:crypto";
import {
  DIGEST_OFFSET,
  DIGESTED_OFFSET,
  HEAD_WORDS,
  HEADER_SIZE,
  MAGIC,
  SECTIONS,
  type Section,
  VERSION,
} from "./blob-layout.ts";

/** A run of records: index of the first, how many. */
export type Run = readonly [start: number, count: number];

/** Collects records by section, then lays them out. Strings are stored once. */
export class BlobWriter {
  private readonly words = new Map<Section, number[]>();
  private readonly indices = new Map<string, number>();
  private readonly texts: Buffer[] = [];

  /** Appends a record; gives its index. */
  add(section: Section, ...record: number[]): number {
    const words = this.words.get(section) ?? [];
    this.words.set(section, words);
    const index = words.length / SECTIONS[section];
    for (const word of record) words.push(word);
    return index;
  }

  count(section: Section): number {
    return (this.words.get(section)?.length ?? 0) / SECTIONS[section];
  }

  /** Index of a string: UTF-8 of a text, or bytes as they are. */
  string(value: string | Uint8Array): number {
    const bytes = Buffer.from(value as string);
    const key = bytes.toString("latin1");
    const known = this.indices.get(key);
    if (known !== undefined) return known;
    this.indices.set(key, this.texts.length);
    return this.texts.push(bytes) - 1;
  }

  /** A run of LIST. */
  list(values: readonly string[]): Run {
    const start = this.count("list");
    for (const value of values) this.add("list", this.string(value));
    return [start, values.length];
  }

  /** `head`: the words between digest and directory, but for the first, the length. */
  finish(head: readonly number[]): { blob: Uint8Array; digest: Uint8Array } {
    const textStart = this.placeStrings();
    const blob = Buffer.alloc(textStart + this.texts.reduce((sum, text) => sum + text.length, 0));
    blob.write(MAGIC, "latin1");
    blob.writeUInt16LE(VERSION, 4);
    writeWords(blob, DIGESTED_OFFSET, [blob.length, ...head]);
    let directory = DIGESTED_OFFSET + HEAD_WORDS * 4;
    let offset = HEADER_SIZE;
    for (const section of Object.keys(SECTIONS) as Section[]) {
      const words = this.words.get(section) ?? [];
      writeWords(blob, directory, [offset, this.count(section)]);
      writeWords(blob, offset, words);
      directory += 8;
      offset += words.length * 4;
    }
    Buffer.concat(this.texts).copy(blob, textStart);
    const digest = createHash("sha256").update(blob.subarray(DIGESTED_OFFSET)).digest();
    digest.copy(blob, DIGEST_OFFSET);
    return { blob: new Uint8Array(blob), digest: new Uint8Array(digest) };
  }

  /** Fills the section of strings; gives the offset of the first one's bytes. */
  private placeStrings(): number {
    this.words.set("strings", []);
    for (const text of this.texts) this.add("strings", 0, text.length);
    const strings = this.words.get("strings") ?? [];
    let offset = HEADER_SIZE;
    for (const words of this.words.values()) offset += words.length * 4;
    const textStart = offset;
    for (let i = 0; i < strings.length; i += 2) {
      strings[i] = offset;
      offset += strings[i + 1] ?? 0;
    }
    return textStart;
  }
}

/** Bytes of the compiled policy with which `bytes` begin. */
export function compiledLength(bytes: Buffer): number {
  return bytes.readUInt32LE(DIGESTED_OFFSET);
}

function writeWords(blob: Buffer, offset: number, words: readonly number[]): void {
  for (let i = 0; i < words.length; i++) blob.writeUInt32LE(words[i] ?? 0, offset + i * 4);
}
