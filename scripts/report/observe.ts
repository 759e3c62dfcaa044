import { join } from "node:path";
import { parseLine } from "../../inference-sidecar/src/decision-log/chain.ts";
import { readLines } from "../../inference-sidecar/src/decision-log/lines.ts";
import { logFiles } from "../../inference-sidecar/src/decision-log/log-file.ts";
import { publicKeyPath } from "../../inference-sidecar/src/decision-log/signing-key.ts";
import { Observations } from "../../inference-sidecar/src/maturity/observations.ts";
import { assessMaturity, type MaturityReport } from "../../inference-sidecar/src/maturity/report.ts";
import { readPublicKey } from "../decision-log/public-key.ts";
import { verifyLog } from "../decision-log/verify.ts";

/** What the log of a state folder shows. @throws Error it can't be read */
async function observeLog(stateDirectory: string): Promise<Observations> {
  const folder = join(stateDirectory, "log");
  const names = await logFiles(folder).catch((error: Error) => {
    throw new Error(
      `${folder} can't be read (${error.message}). Give the folder of the gateway's state with --state DIR.`,
    );
  });
  const observations = new Observations();
  for (const name of names) {
    for await (const { text, torn } of readLines(join(folder, name))) {
      const line = torn > 0 ? null : parseLine(text);
      if (line !== null) observations.add(line);
    }
  }
  return observations;
}

/** The maturity that the log of a state folder shows; the same log gives the same. */
export async function reportOf(stateDirectory: string): Promise<MaturityReport> {
  const observations = await observeLog(stateDirectory);
  const { first, last, unsigned, problem } = await verifyLog(
    join(stateDirectory, "log"),
    await readPublicKey(publicKeyPath(stateDirectory)),
  );
  const lines = last === 0 ? 0 : last - first + 1;
  return assessMaturity(observations, { lines, signed: lines - unsigned, problem });
}
