import { chooseVerb } from "./choose-verb.ts";
import { evalUsage, modelEval } from "./model-eval.ts";
import { modelTrain, trainUsage } from "./model-train.ts";
import { modelUse, useUsage } from "./model-use.ts";

const usage = `${evalUsage}
       ${trainUsage}
       ${useUsage}`;

/** `model eval`, `model train`, `model use`. */
export async function model([verb, ...args]: string[]): Promise<number> {
  return chooseVerb({ eval: modelEval, train: modelTrain, use: modelUse }, usage, verb)(args);
}
