import { join } from "node:path";
import { fileErrorText } from "../../inference-sidecar/src/file-error.ts";
import { readStateKeys, readTrustedKeys } from "../decision-log/public-key.ts";
import { type LogReport, verifyLog } from "../decision-log/verify.ts";
import { parseFlags } from "./parse-flags.ts";
import { UsageError } from "./usage-error.ts";

export const verifyUsage = "postern log verify DIR [--key FILE] [--json]";

/** Checks hash chain and signed heads of the log in DIR/log; 1 when something is wrong with it. */
export async function logVerify(args: string[]): Promise<number> {
  const { values, positionals } = parseFlags(verifyUsage, {
    args,
    allowPositionals: true,
    options: { key: { type: "string" }, json: { type: "boolean", default: false } },
  });
  const [state] = positionals;
  if (positionals.length !== 1 || state === undefined) throw new UsageError(`usage: ${verifyUsage}`);
  const keys = await (values.key === undefined ? readStateKeys(state) : readTrustedKeys(values.key));
  const folder = join(state, "log");
  const report = await verifyLog(folder, keys).catch((error: Error) => {
    throw new Error(`${folder} can't be read (${fileErrorText(error)}). Give the folder of the gateway's state.`);
  });
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : inWords(report));
  return report.problem === null ? 0 : 1;
}

function inWords(report: LogReport): string {
  const { files, first, last, decisions, heads, unsigned, unsealed, missing, lost, torn, cutOff, problem } = report;
  const changes = report.keyChanges.map(({ place, from }) => `; by ${from} before ${place}`).join("");
  const lines = [
    problem === null ? "the log is whole" : `NOT WHOLE  ${problem}`,
    `lines      ${first} to ${last} in ${files} files${problem === null ? "" : ", as far as it was read"}`,
    `decisions  ${decisions}`,
    `heads      ${heads}, signed by ${report.key}${changes}`,
    `unsigned   ${unsigned} lines after the newest head; ${unsealed} lines stood so when the sidecar was killed`,
    `gaps       ${missing} records never came; the filter let go of ${lost}, of which some may have come all the same`,
  ];
  if (report.ended > 0)
    lines.push(
      `ended      ${report.ended} workers of Envoy; what they had not handed over then is in no gap: nothing after an orderly end, else 0.2 s, more where the sidecar was away`,
    );
  if (cutOff > 0)
    lines.push(`cut off    ${cutOff} bytes behind the last line, at starts after a crash or a loss of power`);
  if (torn > 0) lines.push(`torn       ${torn} bytes at the end, of a line that nobody was told is written`);
  return `${lines.join("\n")}\n`;
}
