import { FileRefusal } from "../../inference-sidecar/src/policy/bounded-file.ts";
import { formatProblems, PolicyError } from "../../inference-sidecar/src/policy/problem.ts";
import { loadPolicyWithBundle } from "../model/load-policy.ts";
import { loadCases } from "../policy-test/cases.ts";
import { inWords, reportOf } from "../policy-test/report.ts";
import { runCases } from "../policy-test/run.ts";
import { parseFlags } from "./parse-flags.ts";
import { plainText } from "./plain-text.ts";
import { UsageError } from "./usage-error.ts";

const usage = "postern test POLICY CASES [--json]";

/**
 * A user's table of requests and expected decisions, judged by the code that runs in the gateway.
 * Exit codes: 0 every decision is the expected one, 1 some are not or a file can't be used, 2 wrong use of the command.
 */
export async function test(args: string[]): Promise<number> {
  const { values, positionals } = parseFlags(usage, {
    args,
    allowPositionals: true,
    options: { json: { type: "boolean", default: false } },
  });
  const [policyFile, casesFile] = positionals;
  if (policyFile === undefined || casesFile === undefined || positionals.length > 2) {
    throw new UsageError(`test takes a policy file and a file of cases.\nusage: ${usage}`);
  }
  try {
    const { policy } = await loadPolicyWithBundle(policyFile);
    const cases = await loadCases(casesFile, policy);
    const report = reportOf({ policy: policyFile, cases: casesFile }, policy, await runCases(policy, cases));
    console.log(values.json ? JSON.stringify(report) : inWords(report).map(plainText).join("\n"));
    return report.failed === 0 ? 0 : 1;
  } catch (error) {
    const problems = problemsOf(error, casesFile);
    console.log(
      values.json ? JSON.stringify({ policy: policyFile, cases: casesFile, problems }) : formatProblems(problems),
    );
    return 1;
  }
}

function problemsOf(error: unknown, casesFile: string): PolicyError["problems"] {
  if (error instanceof PolicyError) return error.problems;
  if (!(error instanceof FileRefusal)) throw error;
  const { message, expected, code } = error;
  return [{ file: casesFile, line: 1, column: 1, message, expected, code }];
}
