import { isBelow } from "../../inference-sidecar/src/ladder/binomial.ts";
import type { ConfiguredRoute } from "../../inference-sidecar/src/maturity/configuration.ts";
import type { PolicyObservations } from "../../inference-sidecar/src/maturity/observations.ts";
import type { RouteObservations } from "../../inference-sidecar/src/maturity/route-observations.ts";
import { DEFAULT_BUDGET } from "../../inference-sidecar/src/policy/policy.ts";

/** What a policy could do without. */
export type Proposal = {
  readonly route: string;
  /** A sentence, with its numbers. */
  readonly why: string;
} & (
  | { readonly kind: "remove-grant"; readonly grant: string }
  | { readonly kind: "name-methods"; readonly methods: readonly string[] }
  | { readonly kind: "raise-mode"; readonly mode: string }
);

/** Of what is used by less than this share, with confidence, a policy can do without. */
const UNUSED = 0.01;

const NEXT: Readonly<Record<string, string>> = { observe: "detect", detect: "prevent" };

/** What the decisions under the newest policy show to be more than is used, or less strict than it could be. */
export function propose({ configuration, routes }: PolicyObservations): Proposal[] {
  return configuration === null ? [] : configuration.routes.flatMap((route) => ofRoute(route, routes.get(route.name)));
}

function ofRoute(route: ConfiguredRoute, seen: RouteObservations | undefined): Proposal[] {
  if (seen === undefined) return [];
  return [...unusedGrants(route, seen), ...unusedMethods(route, seen), ...nextRung(route, seen)];
}

/** Only where the policy itself, not the ladder, says where the route stands. Without a review each denial counts as false. */
function nextRung({ name, rung }: ConfiguredRoute, seen: RouteObservations): Proposal[] {
  const mode = NEXT[rung];
  const requests = seen.rungs.get(rung) ?? 0;
  if (mode === undefined || requests !== seen.requests || !isBelow(seen.wouldDeny, requests, DEFAULT_BUDGET)) return [];
  const why = `${seen.wouldDeny} of ${requests} requests on ${rung} would have been denied higher up: fewer than 1 in ${1 / DEFAULT_BUDGET} are, with 95 % confidence`;
  return [{ kind: "raise-mode", route: name, mode, why }];
}

function unusedGrants({ name, allow }: ConfiguredRoute, { granted, grants }: RouteObservations): Proposal[] {
  if (!isBelow(0, granted, UNUSED)) return [];
  return allow
    .filter(({ id }) => !grants.has(id))
    .map(({ id, scopes }) => ({
      kind: "remove-grant",
      route: name,
      grant: id,
      why: `none of ${granted} requests that a grant let in needed ${id}${scopes.length > 0 ? ` (scopes ${scopes.join(", ")})` : ""}`,
    }));
}

/** Of permitted requests: what was denied is no reason to allow it. */
function unusedMethods({ name, methods }: ConfiguredRoute, seen: RouteObservations): Proposal[] {
  const used = [...seen.methods.keys()].sort();
  if (!isBelow(0, seen.permitted, UNUSED) || used.length === 0 || (methods.length > 0 && methods.length <= used.length))
    return [];
  const given = methods.length === 0 ? "every method" : methods.join(", ");
  const why = `the route takes ${given}; all of ${seen.permitted} permitted requests came with ${used.join(", ")}`;
  return [{ kind: "name-methods", route: name, methods: used, why }];
}
