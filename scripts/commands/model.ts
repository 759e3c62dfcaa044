import { modelEval } from "./model-eval.ts";
import { modelTrain } from "./model-train.ts";
import { modelUse } from "./model-use.ts";
import { UsageError } from "./usage-error.ts";

/** `model eval`, `model train`, `model use`. */
export async function model([verb, ...args]: string[]): Promise<number> {
  if (verb === "eval") return modelEval(args);
  if (verb === "train") return modelTrain(args);
  if (verb === "use") return modelUse(args);
  throw new UsageError(
    "usage: postern model eval FILE.jsonl[.gz] …, postern model train --data DIR --out DIR, or postern model use DIR",
  );
}
