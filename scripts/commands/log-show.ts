import type { LogRecord } from "../../inference-sidecar/src/decision-log/record.ts";
import { nearestName } from "../../inference-sidecar/src/policy/nearest-name.ts";
import { newestDecisions } from "../decision-log/newest.ts";
import { readLog } from "../decision-log/read.ts";
import { reasonTexts } from "../decision-log/reasons.ts";
import { parseFlags } from "./parse-flags.ts";
import { parseSince } from "./parse-since.ts";
import { plainText } from "./plain-text.ts";
import { UsageError } from "./usage-error.ts";

export const showUsage =
  "postern log show [--state DIR] [--route R] [--effect permit|deny] [--reason R] [--since TIME|AGE] [--limit N] [--json]";

/** Prints the newest decisions on requests of clients that pass the filters, oldest first. */
export async function logShow(args: string[]): Promise<number> {
  const { values } = parseFlags(showUsage, {
    args,
    options: {
      state: { type: "string", default: "./.postern" },
      route: { type: "string" },
      effect: { type: "string" },
      reason: { type: "string" },
      since: { type: "string" },
      limit: { type: "string", default: "50" },
      json: { type: "boolean", default: false },
    },
  });
  const limit = /^\d{1,9}$/.test(values.limit) ? Number(values.limit) : 0;
  if (limit < 1) throw new UsageError("--limit N: write a whole number above 0.");
  if (values.effect !== undefined && values.effect !== "permit" && values.effect !== "deny") {
    throw new UsageError("--effect E: write permit or deny.");
  }
  const since = values.since === undefined ? 0 : parseSince(values.since, Date.now());
  const wanted = ({ route, effect, reason, wouldDeny, time }: LogRecord) =>
    (values.route ?? route) === route &&
    (values.effect ?? effect) === effect &&
    (values.reason === undefined || values.reason === reason || values.reason === wouldDeny) &&
    Date.parse(time) >= since;

  const routes = new Set<string>();
  const noted = (decision: LogRecord) => {
    routes.add(decision.route);
    return wanted(decision);
  };
  const newest = await newestDecisions(readLog(values.state), noted, limit);
  for (const decision of newest)
    process.stdout.write(`${values.json ? JSON.stringify(decision) : oneLine(decision)}\n`);
  if (newest.length === 0) {
    const unknown = [
      ...unknownName("reason", values.reason, ["permitted", ...Object.keys(reasonTexts)]),
      ...unknownName("route", values.route, [...routes]),
    ];
    process.stderr.write(`${["no decision in the log passes these filters.", ...unknown].join(" ")}\n`);
  }
  return 0;
}

/** What is said of a name that is none of those there are, if it was given. */
function unknownName(kind: "reason" | "route", name: string | undefined, known: readonly string[]): string[] {
  if (name === undefined || known.includes(name)) return [];
  const nearest = nearestName(name, known);
  const where = kind === "reason" ? "there is none" : "the log has none";
  return [`Of the ${kind} "${plainText(name)}" ${where}${nearest ? `; the nearest is "${nearest}"` : ""}.`];
}

function oneLine({ id, time, method, route, rung, effect, reason, wouldDeny, score, response }: LogRecord): string {
  const why = wouldDeny
    ? `${effect} (would deny: ${wouldDeny})`
    : reason === "permitted"
      ? effect
      : `${effect} (${reason})`;
  const scored = score.by === "nothing" ? "not scored" : `${score.value.toFixed(3)} by ${score.by}`;
  return `${time}  ${id}  ${method.padEnd(6)} ${(route || "-").padEnd(20)} ${rung.padEnd(8)} ${String(response?.status ?? "-").padEnd(3)}  ${why}; ${scored}`;
}
