import { askSidecar } from "../gateway/ask-sidecar.ts";
import { operatorToken, tokenFlag } from "./operator-token.ts";
import { parseFlags } from "./parse-flags.ts";
import { UsageError } from "./usage-error.ts";

const usage = `postern review ID --benign|--attack --why TEXT [--state DIR] [--token-file FILE] [--json]
       postern review ID --undo [--state DIR] [--token-file FILE] [--json]`;

/** The sidecar looks through all of its log, where it must. */
const PATIENCE_MS = 600_000;

/** An operator's word on one decision, or its withdrawal. */
export async function review(args: string[]): Promise<number> {
  const { values, positionals } = parseFlags(usage, {
    args,
    allowPositionals: true,
    options: {
      ...tokenFlag,
      benign: { type: "boolean", default: false },
      attack: { type: "boolean", default: false },
      undo: { type: "boolean", default: false },
      why: { type: "string" },
      state: { type: "string", default: "./.postern" },
      json: { type: "boolean", default: false },
    },
  });
  const { benign, attack, undo, why } = values;
  const [id, ...rest] = positionals;
  const chosen = [benign, attack, undo].filter(Boolean).length;
  if (id === undefined || rest.length > 0 || chosen !== 1 || undo !== (why === undefined)) {
    throw new UsageError(`usage: ${usage}`);
  }
  const input = undo
    ? { id: id.toLowerCase(), undo }
    : { id: id.toLowerCase(), label: benign ? "benign" : "attack", why };
  const token = await operatorToken(values["token-file"]);
  const answer = (await askSidecar(values.state, "review", input, token, PATIENCE_MS)) as {
    route: string;
    operator?: string;
    asked?: string | null;
  };
  const words = undo ? "the review is withdrawn" : `reviewed as ${input.label} by ${answer.operator}`;
  const { route, asked } = answer;
  const asks = asked
    ? `the reviews of ${route} ask for ${asked}: \`postern route demote ${route}\` takes it there\n`
    : "";
  process.stdout.write(values.json ? `${JSON.stringify(answer)}\n` : `${id}: ${words} (route ${route})\n${asks}`);
  return 0;
}
