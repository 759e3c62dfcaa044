/** The screen written plainly, by its definition: every run is tried. Slow; for short values. */
export interface ReferenceWindow {
  sum: number;
  start: number;
  end: number;
}

const STEPS = 253;
const WINDOW_BYTES = 256;
const CONTEXT_BYTES = 8;

/** For each byte, and for the closing zero, the weights of the n-grams that end there. */
export function stepWeights(value: Uint8Array, weights: Int8Array, tableBits: number): number[] {
  const folded = [0, 0, 0, ...[...value].map(fold), 0];
  return Array.from({ length: value.length + 1 }, (_, step) => {
    const [d, c, b, a] = folded.slice(step, step + 4) as [number, number, number, number];
    const grams = [a | (1 << 24), (b << 8) | a | (2 << 24), (c << 16) | (b << 8) | a | (3 << 24)];
    const four = ((d << 24) | (c << 16) | (b << 8) | a) ^ 0x5bd1e995;
    return [...grams, four].reduce(
      (sum, gram) => sum + (weights[Math.imul(gram, 0x9e3779b1) >>> (32 - tableBits)] ?? 0),
      0,
    );
  });
}

export function referenceWorstWindow(value: Uint8Array, weights: Int8Array, tableBits: number): ReferenceWindow {
  const steps = stepWeights(value, weights, tableBits);
  let best = { sum: 0, from: 0, to: 0 };
  for (let to = 1; to <= steps.length; to++) {
    let sum = 0;
    let ending = { sum: best.sum, from: -1 };
    for (let from = to - 1; from >= Math.max(0, to - STEPS); from--) {
      sum += steps[from] as number;
      if (sum > ending.sum) ending = { sum, from };
    }
    if (ending.from >= 0) best = { sum: ending.sum, from: ending.from, to };
  }
  const from = Math.max(0, best.from - 3);
  const to = Math.min(best.to, value.length);
  const context = Math.min(CONTEXT_BYTES, (WINDOW_BYTES - (to - from)) >> 1);
  return { sum: best.sum, start: Math.max(0, from - context), end: Math.min(value.length, to + context) };
}

function fold(byte: number): number {
  if (byte >= 0x41 && byte <= 0x5a) return byte + 0x20;
  return byte >= 0x30 && byte <= 0x39 ? 0x30 : byte;
}
