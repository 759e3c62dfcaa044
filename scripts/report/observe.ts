import { join } from "node:path";
import { Observations } from "../../inference-sidecar/src/maturity/observations.ts";
import { assessMaturity, type MaturityReport } from "../../inference-sidecar/src/maturity/report.ts";
import { readStateKeys } from "../decision-log/public-key.ts";
import { readLogLines } from "../decision-log/read.ts";
import { verifyLog } from "../decision-log/verify.ts";

/** What the log of a state folder shows. @throws Error it can't be read */
export async function observeLog(stateDirectory: string): Promise<Observations> {
  const observations = new Observations();
  for await (const line of readLogLines(stateDirectory)) observations.add(line);
  return observations;
}

/** The maturity that the log of a state folder shows; the same log gives the same. */
export async function reportOf(stateDirectory: string): Promise<MaturityReport> {
  const observations = await observeLog(stateDirectory);
  const { first, last, unsigned, problem } = await verifyLog(
    join(stateDirectory, "log"),
    await readStateKeys(stateDirectory),
  );
  const lines = last === 0 ? 0 : last - first + 1;
  return assessMaturity(observations, { lines, signed: lines - unsigned, problem });
}
