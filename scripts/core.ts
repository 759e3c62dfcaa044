import { readFile } from "node:fs/promises";
import { type Core, openCore } from "../inference-sidecar/src/core/core.ts";
import { buildCore, coreWithBundle } from "./build/core.ts";

export type { Core } from "../inference-sidecar/src/core/core.ts";
export type { Evaluation, ModelScore, Question } from "../inference-sidecar/src/core/evaluation.ts";
export type { AskModel, EvaluationRequest, Gate } from "../inference-sidecar/src/core/gate.ts";
export type { CoreRequest } from "../inference-sidecar/src/core/request.ts";
export type { CoreValue, Form } from "../inference-sidecar/src/core/value.ts";
export type { Window } from "../inference-sidecar/src/core/window.ts";

/**
 * Loads a core of its own, built first if it is missing or stale; with the shipped bundle unless another is named.
 * @throws Error it does not compile, or the bundle can't be used
 */
export async function loadCore(bundleDirectory?: string): Promise<Core> {
  if (bundleDirectory !== undefined) return openCore(await coreWithBundle(bundleDirectory));
  return openCore(await readFile(await buildCore()));
}
