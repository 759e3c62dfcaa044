import { modelEval } from "./model-eval.ts";
import { modelTrain } from "./model-train.ts";
import { UsageError } from "./usage-error.ts";

/** `model eval`, `model train`. */
export async function model([verb, ...args]: string[]): Promise<number> {
  if (verb === "eval") return modelEval(args);
  if (verb === "train") return modelTrain(args);
  throw new UsageError("usage: postern model eval FILE.jsonl[.gz] …, or postern model train --data DIR --out DIR");
}
