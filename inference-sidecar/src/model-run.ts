import { type InferenceSession, Tensor } from "onnxruntime-web/wasm";
import type { ModelShape } from "./bundle.ts";
import type { ModelRows } from "./tokenizer.ts";

/** One row for each window. */
export interface ModelAnswer {
  /** Of the classes. */
  readonly probabilities: Float32Array;
  /** Bits a byte, and those that are usual; null: the bundle's model does not tell. */
  readonly surprisal: Float32Array | null;
}

/** @throws Error the runtime failed, or the model is not what its manifest says */
export async function runModel(
  session: InferenceSession,
  { input, outputName, surprisal }: ModelShape,
  { count, tokens, kinds }: ModelRows,
): Promise<ModelAnswer> {
  const given: Record<string, Tensor> = {
    [input.name]: new Tensor(input.type, tokens as never, [count, input.length]),
  };
  if (surprisal !== undefined && kinds !== null) given[surprisal.input] = new Tensor("int32", kinds, [count]);
  const outputs = await session.run(given);
  return {
    probabilities: floats(outputs, outputName),
    surprisal: surprisal === undefined ? null : floats(outputs, surprisal.name),
  };
}

/** A copy: what the runtime gave lies in its own memory. */
function floats(outputs: InferenceSession.ReturnType, name: string): Float32Array {
  const data = outputs[name]?.data;
  if (!(data instanceof Float32Array)) throw new Error(`the model gave no float32 output ${name}`);
  return new Float32Array(data);
}
