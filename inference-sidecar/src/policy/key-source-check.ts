import { isLoopback } from "../loopback.ts";
import type { Path, PolicyDocument } from "./document.ts";
import { parseDuration } from "./units.ts";
import { hasGaps, type Partly, type WrittenIssuer } from "./written-policy.ts";

const SECOND_MS = 1000;
const DAY_MS = 86_400 * SECOND_MS;
const DEFAULT_REFRESH = "5m";
const DEFAULT_MAX_AGE = "24h";

/** Reports a key set that is given in no way or in more than one, and a URI, period or age that can't be used. */
export function checkKeySource(document: PolicyDocument, jwks: Partly<WrittenIssuer>["jwks"], at: Path): void {
  if (!jwks || hasGaps(jwks)) return;
  const place = [...at];
  const ways = (["file", "inline", "uri"] as const).filter((way) => way in jwks);
  if (ways.length !== 1) {
    const message =
      ways.length === 0 ? "it says not where the keys are" : `the keys are given by ${ways.join(" and ")}`;
    document.report("key_source", place, message, "one of `file`, `inline` and `uri`", "key");
  }
  if (jwks.uri === undefined) {
    for (const field of ["refresh", "maxAge"] as const) {
      if (!(field in jwks)) continue;
      document.report(
        "key_source",
        [...place, field],
        `\`${field}\` is for keys by \`uri\``,
        "`uri`, or without it",
        "key",
      );
    }
    return;
  }
  const problem = uriProblem(jwks.uri);
  if (problem) document.report("key_source", [...place, "uri"], problem, "https://…, or http:// on the loopback");
  const refresh = checkDuration(document, jwks.refresh ?? DEFAULT_REFRESH, 10 * SECOND_MS, DAY_MS, "10s to 24h", [
    ...place,
    "refresh",
  ]);
  if (refresh === null) return;
  const range = `at least \`refresh\`, at most 720h`;
  checkDuration(document, jwks.maxAge ?? DEFAULT_MAX_AGE, refresh, 30 * DAY_MS, range, [...place, "maxAge"]);
}

function uriProblem(text: string): string | null {
  if (!URL.canParse(text)) return "it is no URI";
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username || password || hash) return "it has a user, password or fragment";
  if (protocol === "https:" || (protocol === "http:" && isLoopback(hostname))) return null;
  return `${protocol}//${hostname} protects nothing`;
}

/** Milliseconds; null: reported as out of range. */
function checkDuration(
  document: PolicyDocument,
  text: string,
  least: number,
  most: number,
  range: string,
  at: Path,
): number | null {
  const duration = parseDuration(text);
  if (duration !== null && duration >= least && duration <= most && duration % SECOND_MS === 0) return duration;
  document.report("out_of_range", at, `${at.at(-1)} ${text}`, `whole seconds, ${range}`);
  return null;
}
