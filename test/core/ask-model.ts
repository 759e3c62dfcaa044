import { ATTACK_CLASSES } from "../../inference-sidecar/src/bundle.ts";
import type { Window } from "../../inference-sidecar/src/tokenizer.ts";
import type { AskModel, ModelScore } from "../../scripts/core.ts";
import type { shippedPath } from "../models/shipped-path.ts";

/** The shipped model, in this process: each window once. */
export function localModel({ probabilities }: Awaited<ReturnType<typeof shippedPath>>): AskModel {
  const known = new Map<string, ModelScore>();
  return async ({ findings }) => {
    const windows = findings.map(({ window, edges }) => ({ bytes: window, edges }));
    const names = windows.map(({ bytes, edges }) => `${edges} ${Buffer.from(bytes).toString("latin1")}`);
    const fresh = [...new Map(names.map((name, index) => [name, windows[index] as Window]))].filter(
      ([name]) => !known.has(name),
    );
    const rows = fresh.length > 0 ? await probabilities(fresh.map(([, window]) => window)) : [];
    for (const [index, [name]] of fresh.entries()) known.set(name, scoreOf(rows[index] as Float32Array));
    return names.map((name) => known.get(name) as ModelScore);
  };
}

function scoreOf(row: Float32Array): ModelScore {
  const attacks = [...row].slice(1);
  const attackClass = ATTACK_CLASSES[1 + attacks.indexOf(Math.max(...attacks))] ?? "benign";
  return { millionths: Math.round(Math.min(1, Math.max(0, 1 - (row[0] as number))) * 1_000_000), attackClass };
}
