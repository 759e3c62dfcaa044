import type { ConfiguredRoute } from "../../inference-sidecar/src/maturity/configuration.ts";
import type { PolicyObservations } from "../../inference-sidecar/src/maturity/observations.ts";
import type { RouteObservations } from "../../inference-sidecar/src/maturity/route-observations.ts";

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

/**
 * Of so many requests none was of the kind: with 95 % confidence fewer than 1 in 100 are (1 - 0.05^(1/299) < 1 %; the exact
 * bound of Clopper and Pearson).
 */
const ENOUGH = 299;

/** The same for 1 in 1000: what a rung up may cost. */
const ENOUGH_TO_RISE = 2995;
const NEXT: Readonly<Record<string, string>> = { observe: "detect", detect: "prevent" };

/** What the decisions under the newest policy show to be more than is used, or less strict than it could be. */
export function propose({ configuration, routes }: PolicyObservations): Proposal[] {
  return configuration === null ? [] : configuration.routes.flatMap((route) => ofRoute(route, routes.get(route.name)));
}

function ofRoute(route: ConfiguredRoute, seen: RouteObservations | undefined): Proposal[] {
  if (seen === undefined) return [];
  return [...unusedGrants(route, seen), ...unusedMethods(route, seen), ...nextRung(route, seen)];
}

/** Only where the policy itself, not the ladder, says where the route stands, and nothing would have been denied. */
function nextRung({ name, rung }: ConfiguredRoute, seen: RouteObservations): Proposal[] {
  const mode = NEXT[rung];
  const requests = seen.rungs.get(rung) ?? 0;
  if (mode === undefined || requests !== seen.requests || requests < ENOUGH_TO_RISE || seen.wouldDeny > 0) return [];
  const why = `none of ${requests} requests on ${rung} would have been denied on ${mode}: fewer than 1 in 1000 are, with 95 % confidence`;
  return [{ kind: "raise-mode", route: name, mode, why }];
}

function unusedGrants({ name, allow }: ConfiguredRoute, { granted, grants }: RouteObservations): Proposal[] {
  if (granted < ENOUGH) return [];
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
  if (seen.permitted < ENOUGH || used.length === 0 || (methods.length > 0 && methods.length <= used.length)) return [];
  const given = methods.length === 0 ? "every method" : methods.join(", ");
  const why = `the route takes ${given}; all of ${seen.permitted} permitted requests came with ${used.join(", ")}`;
  return [{ kind: "name-methods", route: name, methods: used, why }];
}
