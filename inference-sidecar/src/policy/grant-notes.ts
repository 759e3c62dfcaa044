import { coversGrant } from "./grant-cover.ts";
import type { Note } from "./note.ts";
import type { Grant, Policy, Route } from "./policy.ts";

/** Grants that decide nothing: expired at `now` (Unix seconds), or left nothing by others of their route. */
export function grantNotes(policy: Policy, now: number, note: Note): void {
  const expiredKeys = new Set(
    policy.apiKeys.keys.filter(({ expiresAt }) => expiresAt !== null && expiresAt <= now).map(({ name }) => name),
  );
  for (const [index, route] of policy.routes.entries()) {
    for (const list of ["allow", "deny"] as const) {
      for (const [item, grant] of route[list].entries()) {
        const at = ["routes", index, list, item];
        const { id, expiresAt, apiKeys } = grant;
        if (expiresAt !== null && expiresAt <= now) {
          const since = new Date(expiresAt * 1000).toISOString();
          const message = `grant ${id} has expired (${since}) and decides nothing${described(grant)}`;
          note("grant_expired", [...at, "expires"], message);
          continue;
        }
        if (apiKeys.length > 0 && apiKeys.every((name) => expiredKeys.has(name))) {
          note("grant_never_used", at, `grant ${id} asks for API keys that have all expired${described(grant)}`);
        }
        const taker = takerOf(route, list, item, now);
        if (taker) note("grant_never_used", at, `grant ${id} decides nothing: ${taker}${described(grant)}`);
      }
    }
  }
}

/** What leaves nothing to a grant; null: nothing does. */
function takerOf(route: Route, list: "allow" | "deny", item: number, now: number): string | null {
  const grant = route[list][item] as Grant;
  const takes = (other: Grant) => outlives(other, grant, now) && coversGrant(other, grant);
  const denying = list === "allow" ? route.deny.find(takes) : undefined;
  if (denying) return `deny ${denying.id} takes everything that it allows`;
  const earlier = route[list].slice(0, item).find(takes);
  return earlier ? `whoever fits it fits ${earlier.id} before` : null;
}

function outlives(other: Grant, grant: Grant, now: number): boolean {
  const end = other.expiresAt ?? Number.POSITIVE_INFINITY;
  return end > now && end >= (grant.expiresAt ?? Number.POSITIVE_INFINITY);
}

function described({ owner, reason }: Grant): string {
  const parts = [owner && `owner ${owner}`, reason && `reason: ${reason}`].filter(Boolean);
  return parts.map((part) => `; ${part}`).join("");
}
