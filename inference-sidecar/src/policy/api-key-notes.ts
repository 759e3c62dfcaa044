import type { Note } from "./note.ts";
import type { Policy } from "./policy.ts";

/** API keys that open nothing: expired at `now` (Unix seconds), or named by no grant. */
export function apiKeyNotes(policy: Policy, now: number, note: Note): void {
  const named = new Set(policy.routes.flatMap(({ allow, deny }) => [...allow, ...deny].flatMap((one) => one.apiKeys)));
  for (const [index, { name, owner, expiresAt }] of policy.apiKeys.keys.entries()) {
    const at = ["identity", "apiKeys", "keys", index];
    if (expiresAt !== null && expiresAt <= now) {
      const since = new Date(expiresAt * 1000).toISOString();
      const whose = owner === "" ? "" : `; owner ${owner}`;
      note("api_key_expired", [...at, "expires"], `API key ${name} has expired (${since}) and is refused${whose}`);
    }
    if (!named.has(name)) note("api_key_unused", at, `no grant names the API key ${name}`);
  }
}
