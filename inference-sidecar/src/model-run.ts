import { type InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { ATTACK_CLASSES, type ModelShape, SURPRISAL_COLUMNS } from "./bundle.ts";
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
    probabilities: floats(outputs, outputName, [count, ATTACK_CLASSES.length]),
    surprisal: surprisal === undefined ? null : floats(outputs, surprisal.name, [count, SURPRISAL_COLUMNS]),
  };
}

/** A copy: what the runtime gave lies in its own memory. */
function floats(outputs: InferenceSession.ReturnType, name: string, shape: readonly number[]): Float32Array {
  const { data, dims = [] } = outputs[name] ?? {};
  if (!(data instanceof Float32Array)) throw new Error(`the model gave no float32 output ${name}`);
  if (dims.join() !== shape.join()) {
    throw new Error(`the model gave ${name} of shape [${dims}] for ${shape[0]} windows, not [${shape}]`);
  }
  return new Float32Array(data);
}
