import { denialKind } from "../denial.ts";
import { each, enforcesScore, type Gate, isProtected, requests, sum, wasAsked } from "../gate.ts";

export const networkGates: readonly Gate[] = [
  {
    id: "networks.encrypted",
    stage: "initial",
    function: "Traffic Encryption",
    says: "Requests came over an encrypted connection.",
    needs: "observed",
    measure: ({ current }) => {
      const seen = [...current.routes.values()];
      return requests(
        sum(seen, ({ checks }) => checks.get("encrypted") ?? 0),
        current.decisions,
      );
    },
  },
  {
    id: "networks.default-deny",
    stage: "initial",
    function: "Network Segmentation",
    says: "What no route of the policy matches is denied.",
    needs: "proved",
    measure: ({ configuration, current }) => {
      const declared = configuration.mode === "observe" ? 0 : 1;
      const seen = current.routes.get("");
      const proved = [...(seen?.denials.keys() ?? [])].some((reason) => denialKind(reason) === "route") ? declared : 0;
      return { unit: "policies", of: 1, declared, observed: proved, proved };
    },
  },
  {
    id: "networks.methods",
    stage: "advanced",
    function: "Network Segmentation",
    says: "Routes name the methods that they serve.",
    needs: "declared",
    measure: ({ routes }) => each("routes", routes, ({ configured }) => configured.methods.length > 0, wasAsked),
  },
  {
    id: "networks.inspected",
    stage: "advanced",
    function: "Network Resilience",
    says: "Requests on routes that enforce the score were inspected in whole, or denied.",
    needs: "observed",
    share: 0.999,
    measure: ({ routes }) => {
      const enforcing = routes.filter(enforcesScore);
      const all = sum(enforcing, ({ seen }) => seen.requests);
      return requests(all - sum(enforcing, ({ seen }) => seen.passedUninspected), all);
    },
  },
  {
    id: "networks.micro-perimeters",
    stage: "optimal",
    function: "Network Segmentation",
    says: "Routes that are not public name the workloads that may call them.",
    needs: "observed",
    measure: ({ routes }) =>
      each(
        "routes",
        routes.filter(isProtected),
        ({ configured }) => configured.allow.length > 0 && configured.allow.every(({ workload }) => workload),
        ({ seen }) => (seen.grantedChecks.get("service_authorised") ?? 0) > 0,
      ),
  },
];
