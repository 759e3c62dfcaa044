import assert from "node:assert/strict";
import { test } from "node:test";
import zlib from "node:zlib";
import { type Inflated, loadInflater } from "./inflater.ts";
import { oracleGunzip, oracleUndeflate } from "./zlib-oracle.ts";

const INPUTS = 200_000;
/** Set it to a printed seed to repeat a run. */
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);

/** Small and fast, for repeatable runs only (mulberry32). */
function randomIntegers(start: number): (below: number) => number {
  let state = start;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const below = randomIntegers(seed);
const inflater = await loadInflater();
const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T;

const texts = [
  "",
  "a",
  '{"note":"thank you, thank you"}',
  "abcab".repeat(70),
  "The quick brown fox jumps over a lazy dog. 0123456789",
];
const { Z_FIXED, Z_HUFFMAN_ONLY, Z_DEFAULT_STRATEGY, Z_RLE } = zlib.constants;
const styles = [Z_FIXED, Z_HUFFMAN_ONLY, Z_DEFAULT_STRATEGY, Z_RLE].flatMap((strategy) =>
  [0, 1, 9].map((level) => ({ strategy, level })),
);
const kinds = {
  // Bare streams have no checksum that would hide what was read: most of the work goes into them.
  bare: { write: zlib.deflateRawSync, read: inflater.undeflate, oracle: oracleUndeflate, share: 7 },
  zlib: { write: zlib.deflateSync, read: inflater.undeflate, oracle: oracleUndeflate, share: 1 },
  gzip: { write: zlib.gzipSync, read: inflater.gunzip, oracle: oracleGunzip, share: 2 },
};
const drawn = Object.values(kinds).flatMap((kind) => {
  const corpus = texts.flatMap((text) => styles.map((style) => kind.write(text, style)));
  corpus.push(Buffer.concat([kind.write("abc"), kind.write("abcabc")]));
  return Array.from({ length: kind.share }, () => ({ ...kind, corpus }));
});

/** A stream with a few edits: bits turned, bytes set, cut out, doubled, put in. */
function mutant(corpus: readonly Buffer[]): Buffer {
  let bytes = Buffer.from(pick(corpus));
  for (let edits = below(4); edits > 0; edits--) {
    const at = below(bytes.length + 1);
    const edit = below(6);
    if (edit < 3) {
      if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
      continue;
    }
    const other = pick(corpus);
    const insert = [Buffer.of(below(256)), other.subarray(below(other.length + 1)), Buffer.alloc(below(3))][edit - 3];
    bytes = Buffer.concat([bytes.subarray(0, at), insert ?? Buffer.alloc(0), bytes.subarray(at + below(3))]);
  }
  return bytes;
}

test(`${INPUTS} mutated streams are taken or refused as zlib does (FUZZ_SEED=${seed})`, () => {
  let accepted = 0;
  for (let i = 0; i < INPUTS; i++) {
    const { corpus, read, oracle } = pick(drawn);
    const bytes = mutant(corpus);
    const say = () => `seed ${seed}, input ${i}: ${bytes.toString("hex")}`;
    let inflated: Inflated;
    try {
      inflated = read(bytes);
    } catch (error) {
      throw new Error(say(), { cause: error });
    }
    const expected = oracle(bytes);
    if (expected !== null) accepted += 1;
    const taken = inflated.status === "complete" ? inflated.bytes : null;
    const agrees = taken === null || expected === null ? taken === expected : taken.equals(expected);
    if (!agrees) assert.deepEqual(taken, expected, say());
  }
  assert.ok(accepted > INPUTS / 20 && accepted < (INPUTS * 4) / 5, `${accepted} were taken`);
});
