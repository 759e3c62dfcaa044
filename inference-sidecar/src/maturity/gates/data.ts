import { each, type Gate, grants, isProtected, requests, sum, wasAsked } from "../gate.ts";

export const dataGates: readonly Gate[] = [
  {
    id: "data.granted",
    stage: "initial",
    function: "Data Access",
    says: "Routes ask for a grant.",
    needs: "declared",
    share: 0.5,
    measure: ({ routes }) => each("routes", routes, isProtected, wasAsked),
  },
  {
    id: "data.transit",
    stage: "initial",
    function: "Data Encryption",
    says: "Requests permitted by a grant, and their responses, went over an encrypted connection.",
    needs: "observed",
    measure: ({ routes }) =>
      requests(
        sum(routes, ({ seen }) => seen.grantedChecks.get("encrypted") ?? 0),
        sum(routes, ({ seen }) => seen.granted),
      ),
  },
  {
    id: "data.masked",
    stage: "advanced",
    function: "Data Access",
    says: "Records hold no subject but as a keyed hash.",
    needs: "observed",
    measure: ({ current }) => requests(current.masked, current.decisions, "decisions"),
  },
  {
    id: "data.attributes",
    stage: "advanced",
    function: "Data Access",
    says: "Grants depend on attributes: claims, networks, headers or times.",
    needs: "declared",
    measure: ({ routes }) => grants(routes, (grant) => grant.conditions > 0),
  },
  {
    id: "data.just-in-time",
    stage: "optimal",
    function: "Data Access",
    says: "Grants expire, and were used.",
    needs: "observed",
    measure: ({ routes }) => grants(routes, (grant) => grant.expires),
  },
];
