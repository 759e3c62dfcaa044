import type { Claim } from "../../inference-sidecar/src/ladder/claim.ts";
import type { Mode } from "../../inference-sidecar/src/policy/policy.ts";

/** A route as the sidecar tells it. */
export interface RouteStanding {
  readonly route: string;
  readonly rung: Mode;
  readonly floor: Mode;
  readonly ceiling: Mode;
  readonly promote: "propose" | "auto";
  readonly pinned: boolean;
  readonly proposed: Mode | null;
  /** The rung below, which reviews ask for. */
  readonly asked: Mode | null;
  /** Of the model on `adapt`, millionths; null: as shipped. */
  readonly modelDeny: number | null;
  readonly evidence: { readonly since: string; readonly requests: number; readonly days: number };
  readonly next: Claim | null;
  readonly canary: { readonly rung: Mode; readonly share: number; readonly claim: Claim } | null;
  /** After a move: instances of the filter (Envoy's workers and its main thread), and how many of them have it. */
  readonly workers?: number;
  readonly current?: number;
}

/** One line a route, and under it what it waits for. */
export function routeTable(routes: readonly RouteStanding[]): string {
  if (routes.length === 0) return "no policy with routes is in force.\n";
  const width = Math.max(...routes.map(({ route }) => route.length));
  return routes.map((standing) => `${standing.route.padEnd(width)}  ${describe(standing)}\n`).join("");
}

/** What a move has come to. */
export function routeLine(standing: RouteStanding): string {
  const { workers = 0, current = 0 } = standing;
  const reach = workers === 0 ? "no filter is running" : `${current} of ${workers} instances of the filter have it`;
  return `${standing.route}  ${describe(standing)}\n${reach}`;
}

function describe({
  rung,
  floor,
  ceiling,
  promote,
  pinned,
  proposed,
  asked,
  modelDeny,
  evidence,
  next,
  canary,
}: RouteStanding) {
  const parts = [
    `${rung.padEnd(7)}  ${floor === ceiling ? "fixed" : `${floor} to ${ceiling}, ${promote}`}`,
    `${evidence.requests} requests on ${evidence.days} days since ${evidence.since}`,
  ];
  if (next !== null && canary === null) parts.push(`for ${inWords(next)}`);
  if (canary !== null) parts.push(`canary: ${canary.share * 100} % on ${inWords(canary.claim)}`);
  if (proposed !== null) parts.push(`proposed: ${proposed}`);
  if (asked !== null) parts.push(`reviews ask for ${asked}: \`postern route demote\` takes it there`);
  if (pinned) parts.push("pinned");
  if (modelDeny !== null) parts.push(`the model denies from ${(modelDeny / 1_000_000).toFixed(3)}`);
  return parts.join("; ");
}

function inWords({ rung, requests, falsePositives, upperBound, budget, days, daysNeeded }: Claim): string {
  const most = `at most ${percent(upperBound, Math.ceil)} % (needed: below ${percent(budget)} %)`;
  return `${rung}: ${falsePositives} of ${requests} count as false, ${most}, ${days} of ${daysNeeded} days`;
}

function percent(share: number, round = Math.round): string {
  const digits = share < 0.01 ? 3 : 1;
  const scale = 10 ** digits;
  return (round(share * 100 * scale) / scale).toFixed(digits);
}
