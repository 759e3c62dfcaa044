import { evidenceText, findEvidence } from "../decision-log/evidence-text.ts";
import { findDecision } from "../decision-log/find-decision.ts";
import { narrate } from "../decision-log/narrate.ts";
import { parseFlags } from "./parse-flags.ts";
import { UsageError } from "./usage-error.ts";

const usage = "postern explain ID [--state DIR] [--json]";

/** One decision in words; 1 when the log doesn't have it. */
export async function explain(args: string[]): Promise<number> {
  const { values, positionals } = parseFlags(usage, {
    args,
    allowPositionals: true,
    options: { state: { type: "string", default: "./.postern" }, json: { type: "boolean", default: false } },
  });
  const id = positionals[0]?.toLowerCase();
  if (positionals.length !== 1 || id === undefined || !/^[0-9a-f]{32}$/.test(id)) {
    throw new UsageError(`an ID is the 32 hex digits of the response header x-postern-decision.\nusage: ${usage}`);
  }
  const found = await findDecision(values.state, id);
  if (!found) {
    process.stderr.write(
      `${values.state} has no decision ${id}. Records arrive within a second of the response; older ones may lie in another folder (--state DIR). \`postern log show\` lists what is there.\n`,
    );
    return 1;
  }
  const { decision, review } = found;
  const evidence = await findEvidence(values.state, decision);
  const words = () => narrate(decision, evidenceText(decision, evidence), review).join("\n");
  process.stdout.write(`${values.json ? JSON.stringify({ ...decision, evidenceKept: evidence, review }) : words()}\n`);
  return 0;
}
