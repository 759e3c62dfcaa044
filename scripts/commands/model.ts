import { modelEval } from "./model-eval.ts";
import { UsageError } from "./usage-error.ts";

/** `model eval`. */
export async function model([verb, ...args]: string[]): Promise<number> {
  if (verb === "eval") return modelEval(args);
  throw new UsageError("usage: postern model eval FILE.jsonl[.gz] …");
}
