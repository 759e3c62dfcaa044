import { expirySeconds } from "./expiry-check.ts";
import { parseNetwork } from "./network.ts";
import type { ClaimValue, Condition, Grant, Network, ValueTest } from "./policy.ts";
import { intervalsOf } from "./week-time.ts";
import type { WrittenBounds, WrittenGrant, WrittenTest } from "./written-policy.ts";

/** A grant without gaps; it has passed every check. `fallback`: its id where it has none. */
export function normaliseGrant(grant: WrittenGrant, fallback: string, issuers: readonly string[]): Grant {
  return {
    id: grant.id ?? fallback,
    owner: grant.owner ?? "",
    reason: grant.reason ?? "",
    expiresAt: expirySeconds(grant.expires),
    issuer: grant.issuer === undefined ? null : issuers.indexOf(grant.issuer),
    scopes: grant.scopes ?? [],
    claims: Object.entries(grant.claims ?? {}).flatMap(([name, test]) => conditions(name, test)),
    workloads: grant.workloads ?? [],
    apiKeys: grant.apiKeys ?? [],
    networks: (grant.networks ?? []).map(parseNetwork).filter((network): network is Network => "bits" in network),
    headers: Object.entries(grant.headers ?? {}).flatMap(([name, test]) => conditions(name.toLowerCase(), test)),
    times: (grant.times ?? []).flatMap(intervalsOf),
  };
}

/** Bounds are all required, so that each is a condition of its own. */
function conditions(name: string, test: WrittenTest<ClaimValue>): Condition[] {
  if (typeof test !== "object") return [{ name, values: [equal(test)] }];
  if (Array.isArray(test)) return [{ name, values: test.map(equal) }];
  if ("prefix" in test) return [{ name, values: [{ kind: "prefix", value: test.prefix }] }];
  const bounds = Object.entries(test) as [keyof WrittenBounds, number][];
  return bounds.map(([kind, value]) => ({ name, values: [{ kind, value }] }));
}

function equal(value: ClaimValue): ValueTest {
  return { kind: typeof value as "string" | "number" | "boolean", value };
}
