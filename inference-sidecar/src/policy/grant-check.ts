import { isDeepStrictEqual } from "node:util";
import { checkGrantKeys } from "./api-key-check.ts";
import { checkConditions } from "./condition-check.ts";
import type { Path, PolicyDocument } from "./document.ts";
import { checkExpiry } from "./expiry-check.ts";
import { acceptedTrustDomains, checkWorkloadId } from "./identity-check.ts";
import { parseNetwork } from "./network.ts";
import { trustDomainOfPattern } from "./spiffe-id.ts";
import { parseClock, parseOffset } from "./week-time.ts";
import { hasGaps, type Partly, type WrittenGrant, type WrittenPolicy, type WrittenRoute } from "./written-policy.ts";

type Grant = Partly<WrittenGrant>;
type GrantPath = readonly (string | number)[];

/** What describes a grant and asks for nothing. */
const DESCRIPTIONS = ["id", "owner", "reason", "expires"];

/** Reports what is wrong with the grants of a route, each by itself and together. `at`: the route. */
export function checkGrants(
  document: PolicyDocument,
  policy: Partly<WrittenPolicy>,
  route: Partly<WrittenRoute>,
  at: GrantPath,
): void {
  const ids = new Set<string>();
  for (const list of ["allow", "deny"] as const) {
    for (const [item, grant] of (route[list] ?? []).entries()) {
      if (!grant) continue;
      const place = [...at, list, item];
      if (grant.id !== undefined && ids.has(grant.id)) {
        const message = `another grant of this route is named "${grant.id}"`;
        document.report("duplicate_grant", [...place, "id"], message, "a name of its own");
      }
      if (grant.id !== undefined) ids.add(grant.id);
      checkSubstance(document, grant, list, place);
      checkWho(document, policy, grant, place);
      checkExpiry(document, grant.expires, [...place, "expires"]);
      checkConditions(document, policy, grant, place);
      checkGrantKeys(document, policy, grant, place);
      checkNetworks(document, grant, [...place, "networks"]);
      checkTimes(document, grant, [...place, "times"]);
      if (list === "allow") checkDenied(document, grant, route.deny ?? [], place);
    }
  }
}

function checkSubstance(document: PolicyDocument, grant: Grant, list: "allow" | "deny", at: Path): void {
  if (hasGaps(grant) || "issuer" in grant) return;
  if ("scopes" in grant || "claims" in grant) {
    document.report("grant_empty", at, "scopes and claims need an issuer of the token", "`issuer` in this grant");
    return;
  }
  const asked = Object.keys(grant).filter((field) => !DESCRIPTIONS.includes(field));
  if (asked.length === 0) {
    document.report("grant_empty", at, "the grant asks for nothing", "`issuer`, `workloads` or `apiKeys`");
  } else if (list === "allow" && !("workloads" in grant) && !("apiKeys" in grant)) {
    const message = `${asked.join(" and ")} alone say nothing of who asks`;
    document.report("grant_empty", at, message, "`issuer`, `workloads` or `apiKeys` as well");
  }
}

function checkWho(document: PolicyDocument, policy: Partly<WrittenPolicy>, grant: Grant, at: GrantPath): void {
  const unsure = hasGaps(policy.identity ?? policy);
  const names = (policy.identity?.issuers ?? []).map((issuer) => issuer?.name);
  if (grant.issuer !== undefined && !unsure && !names.includes(undefined) && !names.includes(grant.issuer)) {
    const expected = names.length > 0 ? `one of ${names.join(", ")}` : "an issuer in `identity.issuers`";
    document.report("unknown_issuer", [...at, "issuer"], `no issuer is named "${grant.issuer}"`, expected);
  }
  const issuer = (policy.identity?.issuers ?? []).find((one) => one?.name === grant.issuer);
  if (grant.issuer !== undefined && issuer?.trustDomain !== undefined) {
    const message = `the tokens of "${grant.issuer}" are JWT-SVIDs, which say who the workload is`;
    document.report("grant_unsatisfiable", [...at, "issuer"], message, "`workloads` of its trust domain");
  }
  if (grant.workloads && acceptedTrustDomains(policy) === null && !unsure) {
    const message = "workload grants need what verifies workloads";
    const expected = "`identity.workloads` with a trust bundle, or an issuer with `trustDomain`";
    document.report("workload_identity", [...at, "workloads"], message, expected, "key");
  }
  for (const [item, id] of (grant.workloads ?? []).entries()) {
    if (id !== undefined) checkWorkloadId(document, policy, id, trustDomainOfPattern(id), [...at, "workloads", item]);
  }
  if (grant.issuer !== undefined && !unsure && areByTokenOnly(policy, grant.workloads ?? [])) {
    const message = "a request brings one token: beside a user's, a workload proves itself by a certificate only";
    document.report("grant_unsatisfiable", [...at, "workloads"], message, "`identity.workloads` with its trust domain");
  }
}

/** Whether each of these workloads can say who it is by a JWT-SVID, and in no other way. */
function areByTokenOnly({ identity }: Partly<WrittenPolicy>, workloads: readonly (string | undefined)[]): boolean {
  const byCertificate = identity?.workloads?.trustDomains ?? [];
  const byToken = (identity?.issuers ?? []).map((issuer) => issuer?.trustDomain);
  const domains = workloads.map((id) => (id === undefined ? null : trustDomainOfPattern(id)));
  return (
    domains.length > 0 &&
    domains.every((domain) => domain !== null && byToken.includes(domain) && !byCertificate.includes(domain))
  );
}

function checkNetworks(document: PolicyDocument, { networks = [] }: Grant, at: GrantPath): void {
  for (const [item, text] of networks.entries()) {
    const network = text === undefined ? { bits: 0 } : parseNetwork(text);
    if ("message" in network) document.report("network", [...at, item], network.message, network.expected);
  }
}

function checkTimes(document: PolicyDocument, { times = [] }: Grant, at: GrantPath): void {
  for (const [item, time] of times.entries()) {
    for (const field of ["from", "to"] as const) {
      const text = time?.[field];
      if (text === undefined || parseClock(text) !== null) continue;
      document.report("out_of_range", [...at, item, field], `"${text}" is no time of the day`, "00:00 to 24:00");
    }
    const { from = "00:00", to = "24:00", offset = "Z" } = time ?? {};
    if (parseOffset(offset) === null) {
      document.report("out_of_range", [...at, item, "offset"], `offset ${offset}`, "-14:00 to +14:00");
    }
    if (from !== to && from !== "24:00") continue;
    const message = `the window from ${from} to ${to} has no minute in it`;
    document.report("grant_unsatisfiable", [...at, item], message, "`from` and `to` that differ");
  }
}

/** A deny whose every condition the allow has too takes all that it could give. */
function checkDenied(document: PolicyDocument, grant: Grant, denies: readonly (Grant | undefined)[], at: Path): void {
  for (const [item, deny] of denies.entries()) {
    if (!deny || "expires" in deny || hasGaps(deny) || hasGaps(grant)) continue;
    const asked = Object.entries(deny).filter(([field]) => !DESCRIPTIONS.includes(field));
    if (asked.length === 0 || !asked.every(([field, value]) => isDeepStrictEqual(grant[field as keyof Grant], value))) {
      continue;
    }
    const message = `grant ${item + 1} of \`deny\` takes everything that this one allows`;
    document.report("grant_unsatisfiable", at, message, "a narrower deny, or no such grant");
  }
}
