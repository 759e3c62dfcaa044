import { each, enforcesAccess, type Gate, grants, isProtected, requests, sum, wasAsked } from "../gate.ts";

export const identityGates: readonly Gate[] = [
  {
    id: "identity.enforced",
    stage: "initial",
    function: "Authentication",
    says: "Routes that are not public deny who has no valid identity.",
    needs: "proved",
    measure: ({ routes }) =>
      each("routes", routes.filter(isProtected), enforcesAccess, wasAsked, ({ accessProved }) => accessProved),
  },
  {
    id: "identity.specific",
    stage: "initial",
    function: "Access Management",
    says: "Grants ask for more than an issuer: a scope, a workload, an API key or another condition.",
    needs: "declared",
    measure: ({ routes }) =>
      grants(routes, (grant) => grant.scopes.length > 0 || grant.workload || grant.apiKey || grant.conditions > 0),
  },
  {
    id: "identity.possession",
    stage: "advanced",
    function: "Authentication",
    says: "Routes that are not public ask for a key that the caller proves to have (client certificate, DPoP), or for stronger authentication.",
    needs: "declared",
    measure: ({ routes }) =>
      each("routes", routes.filter(isProtected), ({ configured }) => configured.strong, wasAsked),
  },
  {
    id: "identity.used",
    stage: "advanced",
    function: "Access Management",
    says: "Grants were used at least once in the log.",
    needs: "observed",
    measure: ({ routes }) => grants(routes, () => true),
  },
  {
    id: "identity.continuous",
    stage: "optimal",
    function: "Authentication",
    says: "Requests permitted by a grant had their identity verified on that very request.",
    needs: "observed",
    measure: ({ routes }) =>
      requests(
        sum(routes, ({ seen }) => seen.verified),
        sum(routes, ({ seen }) => seen.granted),
      ),
  },
  {
    id: "identity.expiring",
    stage: "optimal",
    function: "Access Management",
    says: "Grants expire.",
    needs: "declared",
    measure: ({ routes }) => grants(routes, (grant) => grant.expires),
  },
];
