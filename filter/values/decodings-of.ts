import { decodeForms } from "./decode";
import { Value } from "./value";

/**
 * The decodings (`Decoding`) that led to what stands at `at` in a form of a value, in the order in which they were applied.
 * Decodes a part of what is left of a request again: to be asked of what is recorded.
 */
export function decodingsOf(value: Value, form: i32, at: i32): u8[] {
  const pieces = value.source.pieces;
  const parts = value.parts;
  if (pieces === null || parts === null) return value.decodings.slice(0, value.steps[form]);
  const piece = parts[form].numberOf(parts[form].partAt(at));
  const source = pieces.sourceOf(piece);
  const raw = source.text.subarray(pieces.fromOf(piece), pieces.toOf(piece));
  const decoded = decodeForms(raw, pieces.containerOf(piece), source.decodings);
  return decoded.decodings.slice(0, decoded.steps[form]);
}
