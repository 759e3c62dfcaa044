import { env, InferenceSession } from "onnxruntime-web/wasm";
import { type AttackScore, attackScores, modelScore } from "../../inference-sidecar/src/attack-score.ts";
import { loadBundle } from "../../inference-sidecar/src/bundle.ts";
import { runModel } from "../../inference-sidecar/src/model-run.ts";
import { modelRows, type Window } from "../../inference-sidecar/src/tokenizer.ts";
import type { AskModel } from "../core.ts";
import { shippedBundle } from "./shipped-bundle.ts";

/**
 * The model of the bundle, in this process: the answers that the sidecar would give. One question at a time.
 * @throws StartError there is none
 */
export async function loadShippedModel(bundleDirectory = shippedBundle): Promise<AskModel> {
  const score = await loadScorer(bundleDirectory);
  return async ({ findings }) => {
    const scores = await score(findings.map(({ window, edges, kind }) => ({ bytes: window, edges, kind })));
    return scores.map(modelScore);
  };
}

/** The same for windows as they are. @throws StartError there is none */
export async function loadScorer(
  bundleDirectory: string,
): Promise<(windows: readonly Window[]) => Promise<AttackScore[]>> {
  env.logLevel = "error";
  env.wasm.numThreads = 1;
  const bundle = await loadBundle(bundleDirectory);
  const session = await InferenceSession.create(bundle.model, { executionProviders: ["wasm"] });
  return async (windows) => attackScores(await runModel(session, bundle, modelRows(windows, bundle)));
}
