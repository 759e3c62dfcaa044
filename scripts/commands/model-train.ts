import { resolve } from "node:path";
import { loadBundle } from "../../inference-sidecar/src/bundle.ts";
import { parseDuration } from "../../inference-sidecar/src/policy/units.ts";
import { trainBundle } from "../model/train.ts";
import { parseFlags } from "./parse-flags.ts";
import { UsageError } from "./usage-error.ts";

export const trainUsage = "postern model train --data DIR --out DIR [--seed N] [--time-limit 60m]";

/** What a timer can wait for: one of more ends at once. */
const LIMIT_MOST_MILLIS = 2 ** 31 - 1;

/** Trains a bundle from labelled data, and checks it as a gateway would. */
export async function modelTrain(args: string[]): Promise<number> {
  const { values } = parseFlags(trainUsage, {
    args,
    options: {
      data: { type: "string" },
      out: { type: "string" },
      seed: { type: "string", default: "1" },
      "time-limit": { type: "string", default: "60m" },
    },
  });
  const { data, out } = values;
  const seed = Number(values.seed);
  const limitMillis = parseDuration(values["time-limit"]);
  if (data === undefined || out === undefined)
    throw new UsageError(`--data and --out are needed.\nusage: ${trainUsage}`);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new UsageError(`--seed ${values.seed}: write a whole number.`);
  if (limitMillis === null || limitMillis > LIMIT_MOST_MILLIS) {
    throw new UsageError(`--time-limit ${values["time-limit"]}: write a duration such as 60m, of at most 596h.`);
  }
  const report = (line: string) => process.stderr.write(`${line}\n`);
  await trainBundle({ data: resolve(data), out: resolve(out), seed, limitMillis }, report);
  const { digest } = await loadBundle(resolve(out));
  process.stdout.write(
    `bundle ${digest.toString("hex")} in ${out}, with its model card. Measure it: postern model eval FILE --model ${out}\n`,
  );
  return 0;
}
