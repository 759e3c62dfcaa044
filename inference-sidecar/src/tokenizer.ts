import type { ModelInput } from "./bundle.ts";

/** One row of `input.length` tokens for each window: its bytes, then padding. A longer window is cut. Pure. */
export function tokenize(
  windows: readonly Uint8Array[],
  input: ModelInput,
): Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer> {
  const size = windows.length * input.length;
  const tokens = input.type === "uint8" ? new Uint8Array(size) : new Int32Array(size);
  tokens.fill(input.padding);
  windows.forEach((window, row) => {
    tokens.set(window.subarray(0, input.length), row * input.length);
  });
  return tokens;
}
