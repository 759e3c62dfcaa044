import { checkApiKeys } from "./api-key-check.ts";
import { checkAssertion } from "./assertion-check.ts";
import { MAXIMUM_VISITS, routeTree } from "./compile.ts";
import type { PolicyDocument } from "./document.ts";
import { checkWorkloads } from "./identity-check.ts";
import { checkHeaders } from "./identity-headers.ts";
import { checkIssuers } from "./issuer-check.ts";
import type { IssuerMaterial } from "./key-files.ts";
import { checkLimits } from "./limits-check.ts";
import { normaliseRoutes } from "./normalise.ts";
import { checkOperators } from "./operator-check.ts";
import { checkReachable, checkRoutes } from "./route-check.ts";
import { checkTokenRequirements } from "./token-requirement.ts";
import type { Partly, WrittenPolicy } from "./written-policy.ts";

// With each host of a route counted: bounds the compiled policy and the time to compile it.
const MAXIMUM_TREE_SEGMENTS = 200_000;

/** Reports everything that one field alone does not show. `policy` may have gaps where the schema found problems. */
export function crossCheck(
  document: PolicyDocument,
  policy: Partly<WrittenPolicy>,
  materials: readonly IssuerMaterial[],
): void {
  checkIssuers(document, policy.identity?.issuers ?? [], materials);
  checkHeaders(document, policy.identity);
  checkWorkloads(document, policy);
  checkApiKeys(document, policy);
  checkLimits(document, policy);
  checkRoutes({ document, policy });
  checkTokenRequirements(document, policy);
  checkAssertion(document, policy);
  checkOperators(document, policy.operators ?? []);
}

/** Reports what can be said only of routes that are sound each by itself. */
export function checkRouteSet(document: PolicyDocument, policy: WrittenPolicy): void {
  checkReachable(document, policy.routes);
  const segments = policy.routes.reduce(
    (sum, { match }) => sum + (match.hosts?.length ?? 1) * match.path.split("/").length,
    0,
  );
  const visits = segments > MAXIMUM_TREE_SEGMENTS ? 0 : routeTree(normaliseRoutes(policy, null)).worstCaseVisits();
  if (visits > MAXIMUM_VISITS) {
    const message = `one request could need ${visits} steps through the routes`;
    document.report("match_cost", ["routes"], message, `at most ${MAXIMUM_VISITS}: fewer parameters beside literals`);
  } else if (segments > MAXIMUM_TREE_SEGMENTS) {
    const message = `routes have ${segments} segments, each host counted`;
    document.report("match_cost", ["routes"], message, `at most ${MAXIMUM_TREE_SEGMENTS}`);
  }
}
