import { createHash } from "node:crypto";
import { DIGEST_OFFSET, DIGESTED_OFFSET, HEADER_SIZE } from "../../inference-sidecar/src/policy/blob-layout.ts";

/** The same bytes with length and digest made right, so that only the structure is judged. */
export function resealed(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  copy.writeUInt32LE(copy.length, DIGESTED_OFFSET);
  createHash("sha256").update(copy.subarray(DIGESTED_OFFSET)).digest().copy(copy, DIGEST_OFFSET);
  return copy;
}

/** A small generator of pseudo-random integers below `bound` (xorshift32): a failing seed can be run again. */
export function randomIntegers(seed: number): (bound: number) => number {
  let state = seed | 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

/** One to four words after the version changed to what tends to break readers, sometimes bytes cut or added. */
export function mutated(blob: Uint8Array, random: (bound: number) => number): Uint8Array {
  let copy = Buffer.from(blob);
  for (let left = random(4); left >= 0; left--) {
    // Half of the time in the head and directory, where everything else hangs.
    const end = random(2) === 0 ? HEADER_SIZE : copy.length;
    const offset = DIGESTED_OFFSET + 4 * random(Math.floor((end - DIGESTED_OFFSET) / 4));
    if (offset + 4 > copy.length) continue;
    const old = copy.readUInt32LE(offset);
    const other = copy.readUInt32LE(HEADER_SIZE + 4 * random(Math.floor((copy.length - HEADER_SIZE - 4) / 4)));
    const values = [0, 1, 0xffffffff, 0x7fffffff, old + 1, old - 1, old * 2, other, random(copy.length), copy.length];
    copy.writeUInt32LE((values[random(values.length)] ?? 0) >>> 0, offset);
  }
  const size = random(20);
  if (size === 0) copy = copy.subarray(0, HEADER_SIZE + random(copy.length - HEADER_SIZE));
  if (size === 1) copy = Buffer.concat([copy, Buffer.alloc(1 + random(64), random(256))]);
  return copy;
}
