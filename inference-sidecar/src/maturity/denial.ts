/** What kind of check a reason belongs to. */
export type DenialKind = "access" | "route" | "score" | "request" | "unavailable";

const ROUTE = ["route_not_found", "method_not_allowed"];
const SCORE = ["attack_scored", "attack_screened"];
const UNAVAILABLE = [
  "assertion_unavailable",
  "score_unavailable",
  "inspection_budget",
  "log_unavailable",
  "verification_budget",
  "token_unverifiable",
  "dpop_replay_window",
  "request_incomplete",
  "keys_unavailable",
  "revocations_stale",
  "flood_limit",
];
const ACCESS = /^(token|dpop|grant|authentication|api_key|certificate|score_step)_/;

/** By the reason's code (`docs/reasons.md`); an unknown one counts as a check of the request, which proves least. */
export function denialKind(reason: string): DenialKind {
  if (ROUTE.includes(reason)) return "route";
  if (SCORE.includes(reason)) return "score";
  if (UNAVAILABLE.includes(reason)) return "unavailable";
  return ACCESS.test(reason) ? "access" : "request";
}
