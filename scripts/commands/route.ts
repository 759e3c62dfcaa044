import { MODES, type Mode } from "../../inference-sidecar/src/policy/policy.ts";
import { askSidecar } from "../gateway/ask-sidecar.ts";
import { operatorToken, tokenFlag } from "./operator-token.ts";
import { parseFlags } from "./parse-flags.ts";
import { type RouteStanding, routeLine, routeTable } from "./route-table.ts";
import { UsageError } from "./usage-error.ts";

const usage = `postern route list [--state DIR] [--json]
       postern route propose|approve|demote ROUTE [--state DIR] [--token-file FILE] [--json]
       postern route pin ROUTE RUNG [--state DIR] [--token-file FILE] [--json]
       postern route pin ROUTE --release [--state DIR] [--token-file FILE] [--json]`;

/** Where routes stand, and an operator's moves. */
export async function route(args: string[]): Promise<number> {
  const { values, positionals } = parseFlags(usage, {
    args,
    allowPositionals: true,
    options: {
      ...tokenFlag,
      state: { type: "string", default: "./.postern" },
      json: { type: "boolean", default: false },
      release: { type: "boolean", default: false },
    },
  });
  const [action, name, rung, ...rest] = positionals;
  if (action === "list") {
    if (name !== undefined) throw new UsageError(`usage: ${usage}`);
    const { routes } = (await askSidecar(values.state, "route/list", {}, null)) as { routes: RouteStanding[] };
    process.stdout.write(values.json ? `${JSON.stringify({ routes })}\n` : routeTable(routes));
    return 0;
  }
  const isPin = action === "pin";
  if (!["propose", "approve", "demote", "pin"].includes(action ?? "") || name === undefined || rest.length > 0) {
    throw new UsageError(`usage: ${usage}`);
  }
  if (isPin !== ((rung === undefined) === values.release) || (!isPin && (rung !== undefined || values.release))) {
    throw new UsageError(`usage: ${usage}`);
  }
  if (rung !== undefined && !MODES.includes(rung as Mode))
    throw new UsageError(`a rung is one of ${MODES.join(", ")}.`);
  const input = { route: name, ...(rung === undefined ? {} : { rung }), ...(values.release ? { release: true } : {}) };
  const token = await operatorToken(values["token-file"]);
  const standing = (await askSidecar(values.state, `route/${action}`, input, token)) as RouteStanding;
  process.stdout.write(values.json ? `${JSON.stringify(standing)}\n` : `${routeLine(standing)}\n`);
  return 0;
}
