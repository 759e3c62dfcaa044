import type { PolicyInForce } from "./in-force.ts";
import { DEFAULT_BUDGET, DEFAULT_DAYS } from "./policy.ts";

type Told = PolicyInForce["policy"];

/** The policy as a gateway of protocol 1 tells it, with what that did not know yet as it was then: asked of nobody. */
export function fromProtocol1(policy: Told): Told {
  const routes = policy.routes.map((route) => ({
    ...route,
    assertion: false,
    stepUp: { ...route.stepUp, fromMillionths: null },
    ladder: { ...route.ladder, days: DEFAULT_DAYS, budget: DEFAULT_BUDGET },
  }));
  return { ...policy, assertion: null, headers: { ...policy.headers, claims: [] }, routes };
}
