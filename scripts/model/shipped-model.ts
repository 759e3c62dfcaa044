import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { attackScores } from "../../inference-sidecar/src/attack-score.ts";
import { ATTACK_CLASSES, loadBundle } from "../../inference-sidecar/src/bundle.ts";
import { tokenize } from "../../inference-sidecar/src/tokenizer.ts";
import type { AskModel } from "../core.ts";
import { shippedBundle } from "./shipped-bundle.ts";

/**
 * The model of the bundle, in this process: the answers that the sidecar would give. One question at a time.
 * @throws StartError there is none
 */
export async function loadShippedModel(bundleDirectory = shippedBundle): Promise<AskModel> {
  env.logLevel = "error";
  env.wasm.numThreads = 1;
  const { model, input, outputName } = await loadBundle(bundleDirectory);
  const session = await InferenceSession.create(model, { executionProviders: ["wasm"] });
  return async ({ findings }) => {
    const tokens = tokenize(
      findings.map(({ window, edges }) => ({ bytes: window, edges })),
      input,
    );
    const tensor = new Tensor(input.type, tokens as never, [findings.length, input.length]);
    const probabilities = (await session.run({ [input.name]: tensor }))[outputName]?.data as Float32Array;
    return attackScores(probabilities).map(({ attackMillionths, attackClass }) => ({
      millionths: attackMillionths,
      attackClass: ATTACK_CLASSES[attackClass] ?? "benign",
    }));
  };
}
