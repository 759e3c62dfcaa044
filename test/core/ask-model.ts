import { attackScores, modelScore } from "../../inference-sidecar/src/attack-score.ts";
import type { Window } from "../../inference-sidecar/src/tokenizer.ts";
import type { AskModel, ModelScore } from "../../scripts/core.ts";
import type { shippedPath } from "../models/shipped-path.ts";

/** The shipped model, in this process: each window once. */
export function localModel({ answer }: Awaited<ReturnType<typeof shippedPath>>): AskModel {
  const known = new Map<string, ModelScore>();
  return async ({ findings }) => {
    const windows = findings.map(({ window, edges, kind }) => ({ bytes: window, edges, kind }));
    const names = windows.map(({ bytes, edges, kind }) => `${kind} ${edges} ${Buffer.from(bytes).toString("latin1")}`);
    const fresh = [...new Map(names.map((name, index) => [name, windows[index] as Window]))].filter(
      ([name]) => !known.has(name),
    );
    const scores = fresh.length > 0 ? attackScores(await answer(fresh.map(([, window]) => window))) : [];
    for (const [index, score] of scores.entries()) known.set((fresh[index] as [string, Window])[0], modelScore(score));
    return names.map((name) => known.get(name) as ModelScore);
  };
}
