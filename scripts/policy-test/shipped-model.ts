import { fileURLToPath } from "node:url";
import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { ATTACK_CLASSES, loadBundle } from "../../inference-sidecar/src/bundle.ts";
import { scoreOf } from "../../inference-sidecar/src/score.ts";
import { tokenize } from "../../inference-sidecar/src/tokenizer.ts";
import type { AskModel } from "../core.ts";

const bundleFolder = fileURLToPath(new URL("../../models/bundle/", import.meta.url));

/** The model of the bundle, in this process: the answers that the sidecar would give. @throws StartError there is none */
export async function loadShippedModel(): Promise<AskModel> {
  env.logLevel = "error";
  env.wasm.numThreads = 1;
  const { model, input, outputName } = await loadBundle(bundleFolder);
  const session = await InferenceSession.create(model, { executionProviders: ["wasm"] });
  return async ({ findings }) => {
    const tokens = tokenize(
      findings.map(({ window }) => window),
      input,
    );
    const tensor = new Tensor(input.type, tokens as never, [findings.length, input.length]);
    const probabilities = (await session.run({ [input.name]: tensor }))[outputName]?.data as Float32Array;
    return findings.map((_, row) => {
      const { attackMillionths, attackClass } = scoreOf(probabilities, row * ATTACK_CLASSES.length);
      return { millionths: attackMillionths, attackClass: ATTACK_CLASSES[attackClass] ?? "benign" };
    });
  };
}
