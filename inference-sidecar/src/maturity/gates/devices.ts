import { type Gate, requests, sum } from "../gate.ts";

export const deviceGates: readonly Gate[] = [
  {
    id: "devices.validated",
    stage: "initial",
    function: "Resource Access",
    says: "The listener validates client certificates, and workloads have come with one.",
    needs: "observed",
    measure: ({ configuration, routes }) => {
      const declared = configuration.clientCertificates ? 1 : 0;
      const seen = routes.some((route) => route.seen.certified > 0);
      return { unit: "listeners", of: 1, declared, observed: seen ? declared : 0, proved: 0 };
    },
  },
  {
    id: "devices.authenticated",
    stage: "advanced",
    function: "Resource Access",
    says: "Requests permitted by a grant came from a workload that was authenticated.",
    needs: "observed",
    measure: ({ routes }) =>
      requests(
        sum(routes, ({ seen }) => seen.grantedChecks.get("service_authenticated") ?? 0),
        sum(routes, ({ seen }) => seen.granted),
      ),
  },
  {
    id: "devices.authorised",
    stage: "optimal",
    function: "Resource Access",
    says: "Requests permitted by a grant came from a workload that the grant names.",
    needs: "observed",
    measure: ({ routes }) =>
      requests(
        sum(routes, ({ seen }) => seen.grantedChecks.get("service_authorised") ?? 0),
        sum(routes, ({ seen }) => seen.granted),
      ),
  },
];
