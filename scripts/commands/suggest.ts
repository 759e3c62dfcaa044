import { readFile } from "node:fs/promises";
import { bundleInForce } from "../model/bundle-in-force.ts";
import { calibrationOf } from "../model/load-policy.ts";
import { observeLog } from "../report/observe.ts";
import { propose } from "../suggest/proposal.ts";
import { changedRoutes, type Suggestion, suggestFor } from "../suggest/suggest.ts";
import { parseFlags } from "./parse-flags.ts";
import { UsageError } from "./usage-error.ts";

const usage = "postern suggest --policy P [--state DIR] [--json]";

/** What the decision log shows that the policy could do without, and where it could be stricter, as a diff of its file. */
export async function suggest(args: string[]): Promise<number> {
  const { values } = parseFlags(usage, {
    args,
    options: {
      state: { type: "string", default: "./.postern" },
      policy: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  if (values.policy === undefined) throw new UsageError(`--policy P: name the file to change.\nusage: ${usage}`);
  const log = await observeLog(values.state);
  const current = log.policies.get(log.newest);
  const file = {
    text: await readFile(values.policy, "utf8"),
    path: values.policy,
    calibration: await calibrationOf((await bundleInForce(values.state)) ?? undefined),
  };
  const { configuration = null } = current ?? {};
  const changed = configuration === null ? [] : await changedRoutes(file, configuration);
  const proposals = current === undefined ? [] : propose(current).filter(({ route }) => !changed.includes(route));
  const suggestion = { ...(await suggestFor(file, proposals)), changed };
  process.stdout.write(values.json ? `${JSON.stringify(suggestion, null, 2)}\n` : inWords(suggestion));
  return 0;
}

/** Proposals as comments before the diff, so that all of it can be given to `patch`. */
function inWords({ proposals, diff, changed }: Suggestion & { readonly changed: readonly string[] }): string {
  const others = changed.map(
    (route) => `# ${route}: the file asks something else here than the policy that was observed`,
  );
  const made = proposals.map(
    ({ route, why, inDiff }) => `# ${route}: ${why}${inDiff ? "" : " (not in the diff: change it by hand)"}`,
  );
  const none = "# nothing to suggest: no route has shown enough requests under this policy, or all is used";
  const lines = [...others, ...(made.length === 0 ? [none] : made)];
  return `${lines.join("\n")}\n${diff === "" ? "" : `\n${diff}`}`;
}
