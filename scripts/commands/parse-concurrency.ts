import { UsageError } from "./usage-error.ts";

/** A number of Envoy's workers. @throws UsageError */
export function parseConcurrency(text: string): number {
  const workers = Number(text);
  if (!Number.isInteger(workers) || workers < 1 || workers > 64) {
    throw new UsageError(`--concurrency ${text}: write a whole number from 1 to 64.`);
  }
  return workers;
}
