import type { Policy } from "../policy/policy.ts";

/** @throws Error it asks for what only the workers of Envoy are given */
export function refuseBeyondReach(policy: Policy): void {
  const beyond = beyondReach(policy);
  if (beyond !== null) throw new Error(`${beyond} can't be used with ext_authz: it needs the filter in Envoy`);
}

function beyondReach({ issuers, revocation, routes }: Policy): string | null {
  if (issuers.some(({ keySource }) => keySource !== null)) return "jwks.uri";
  if (revocation !== null) return "revocation";
  if (routes.some(({ mode }) => mode === "adapt")) return "mode: adapt";
  return routes.some(({ ladder }) => ladder.floor !== ladder.ceiling) ? "ladder" : null;
}
