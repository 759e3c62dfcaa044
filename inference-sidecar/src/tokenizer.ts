import type { ModelInput, ModelShape } from "./bundle.ts";
import { valueKinds } from "./core/value.ts";

/** A piece of a decoded value. */
export interface Window {
  readonly bytes: Uint8Array;
  /** 1: its first byte is the value's first; 2: its last is the value's last; 4 to 20: the class of the value's length. */
  readonly edges: number;
  /** Of field, as `postern.v1.ScoreRequest` numbers them; absent: not told. */
  readonly kind?: number;
}

const BEGINS = 1;
const ENDS = 2;
const LENGTH_SHIFT = 2;
const TEXT = valueKinds.indexOf("text");

/**
 * One row of `input.length` tokens for each window: its bytes, with the model's marks where the value begins and ends,
 * then padding, and in the last column the mark of the value's length. What is longer is cut. Pure.
 */
export function tokenize(
  windows: readonly Window[],
  input: ModelInput,
): Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer> {
  const size = windows.length * input.length;
  const tokens = input.type === "uint8" ? new Uint8Array(size) : new Int32Array(size);
  tokens.fill(input.padding);
  windows.forEach(({ bytes, edges }, row) => {
    const line = tokens.subarray(row * input.length, (row + 1) * input.length);
    const from = input.marks !== undefined && edges & BEGINS ? 1 : 0;
    line.set(bytes.subarray(0, input.length - from), from);
    if (input.marks === undefined) return;
    if (from > 0) line[0] = input.marks.begin;
    // Past the row's end nothing is written.
    if (edges & ENDS) line[from + bytes.length] = input.marks.end;
    if (input.marks.length !== undefined) line[input.length - 1] = input.marks.length + (edges >> LENGTH_SHIFT);
  });
  return tokens;
}

/** What the model is given: a row for each window. */
export interface ModelRows {
  readonly count: number;
  readonly tokens: Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;
  /** Of fields; null: the model does not ask. One that it does not know, or is not told, is free text. */
  readonly kinds: Int32Array<ArrayBuffer> | null;
}

/** Pure. */
export function modelRows(windows: readonly Window[], { input, surprisal }: ModelShape): ModelRows {
  const kinds = surprisal && Int32Array.from(windows, ({ kind = TEXT }) => (kind in surprisal.kinds ? kind : TEXT));
  return { count: windows.length, tokens: tokenize(windows, input), kinds: kinds ?? null };
}
