import { adapts, each, enforcesAccess, enforcesScore, type Gate, isInspected, requests, wasAsked } from "../gate.ts";

export const applicationGates: readonly Gate[] = [
  {
    id: "applications.enforced",
    stage: "initial",
    function: "Application Access",
    says: "Routes enforce identity and privilege, from detect up, and a denial or a self-test has shown it.",
    needs: "proved",
    share: 0.5,
    measure: ({ routes }) =>
      each(
        "routes",
        routes,
        enforcesAccess,
        wasAsked,
        ({ accessProved, scoreProved, selfTested }) => accessProved || scoreProved || selfTested,
      ),
  },
  {
    id: "applications.scored",
    stage: "initial",
    function: "Application Threat Protections",
    says: "Routes have what they are sent inspected for attacks.",
    needs: "observed",
    share: 0.5,
    measure: ({ routes }) => each("routes", routes, isInspected, ({ seen }) => seen.scored > 0),
  },
  {
    id: "applications.deployed",
    stage: "initial",
    function: "Secure Application Development and Deployment Workflow",
    says: "Decisions name the policy, the model bundle and the module that made them.",
    needs: "observed",
    measure: ({ current }) => requests(current.named, current.decisions, "decisions"),
  },
  {
    id: "applications.protected",
    stage: "advanced",
    function: "Application Threat Protections",
    says: "Routes that are inspected deny attacks, and a denial or a self-test has shown it.",
    needs: "proved",
    measure: ({ routes }) =>
      each(
        "routes",
        routes.filter(isInspected),
        enforcesScore,
        ({ seen }) => seen.scored > 0,
        ({ scoreProved }) => scoreProved,
      ),
  },
  {
    id: "applications.tested",
    stage: "advanced",
    function: "Application Security Testing",
    says: "Routes passed a self-test within the last day of the log.",
    needs: "proved",
    measure: ({ routes }) =>
      each(
        "routes",
        routes,
        () => true,
        wasAsked,
        ({ selfTested }) => selfTested,
      ),
  },
  {
    id: "applications.adapting",
    stage: "optimal",
    function: "Application Threat Protections",
    says: "Routes that are inspected stand on adapt: their threshold is fitted to their own reviewed traffic.",
    needs: "proved",
    measure: ({ routes }) =>
      each("routes", routes.filter(isInspected), adapts, wasAsked, ({ scoreProved }) => scoreProved),
  },
];
