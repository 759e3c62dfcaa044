import { formatNote } from "../../inference-sidecar/src/policy/note.ts";
import { formatProblems, PolicyError } from "../../inference-sidecar/src/policy/problem.ts";
import { loadPolicyWithBundle } from "../model/load-policy.ts";
import { parseFlags } from "./parse-flags.ts";
import { UsageError } from "./usage-error.ts";

const usage = "postern check POLICY [--json]";

/**
 * `postern check POLICY [--json]`: every problem of a policy file, or what it says in short.
 * Exit codes: 0 the policy can be used, 1 it can't, 2 wrong use of the command.
 */
export async function check(args: string[]): Promise<number> {
  const { values, positionals } = parseFlags(usage, {
    args,
    allowPositionals: true,
    options: { json: { type: "boolean", default: false } },
  });
  const { json } = values;
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0) throw new UsageError(`check takes one policy file.\nusage: ${usage}`);
  try {
    const loaded = await loadPolicyWithBundle(path);
    const { policy, compiled } = loaded;
    const notes = loaded.notes();
    const digest = Buffer.from(compiled.digest).toString("hex");
    const { mode } = policy;
    const counts = { routes: policy.routes.length, issuers: policy.issuers.length };
    if (json) {
      console.log(JSON.stringify({ file: path, valid: true, mode, ...counts, digest, problems: [], notes }));
      return 0;
    }
    for (const note of notes) console.log(formatNote(note));
    console.log(`${path}: valid\nmode ${mode}, routes ${counts.routes}, issuers ${counts.issuers}\ndigest ${digest}`);
    return 0;
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const { problems } = error;
    if (json) console.log(JSON.stringify({ file: path, valid: false, problems }));
    else console.log(formatProblems(problems));
    return 1;
  }
}
