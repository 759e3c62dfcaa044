import { type Facts, requests, sum, type Units } from "./gate.ts";

/** A tenet of zero trust (NIST SP 800-207, section 2.1) as a number. */
export interface TenetResult extends Pick<Units, "unit" | "of"> {
  readonly tenet: number;
  readonly says: string;
  readonly holds: number;
}

interface Tenet {
  readonly says: string;
  readonly measure: (facts: Facts) => Units;
}

/** In their order. */
export const TENETS: readonly Tenet[] = [
  {
    says: "Every service is a resource: requests that met a route of the policy.",
    measure: ({ current }) => requests(current.decisions - (current.routes.get("")?.requests ?? 0), current.decisions),
  },
  {
    says: "Communication is secured wherever it comes from: requests over an encrypted connection.",
    measure: ({ current }) =>
      requests(
        sum([...current.routes.values()], ({ checks }) => checks.get("encrypted") ?? 0),
        current.decisions,
      ),
  },
  {
    says: "Access is granted for each session: requests permitted by a grant with an identity verified on that very request.",
    measure: ({ routes }) =>
      requests(
        sum(routes, ({ seen }) => seen.verified),
        sum(routes, ({ seen }) => seen.granted),
      ),
  },
  {
    says: "Policy is dynamic and looks at more than the identity: requests that were scored, too.",
    measure: ({ routes, current }) =>
      requests(
        sum(routes, ({ seen }) => seen.scored),
        current.decisions,
      ),
  },
  {
    says: "The integrity of what takes part is measured: decisions that name the policy, the bundle and the module that made them.",
    measure: ({ current }) => requests(current.named, current.decisions, "decisions"),
  },
  {
    says: "Authentication and authorisation are enforced before access: requests that met a rung from detect up.",
    measure: ({ current }) =>
      requests(
        sum([...current.routes.values()], ({ requests: all, rungs }) => all - (rungs.get("observe") ?? 0)),
        current.decisions,
      ),
  },
  {
    says: "What happens is collected and used: records that the filter numbered and the log has.",
    measure: ({ log }) => {
      const present = log.decisions + log.completions;
      return requests(present, present + log.missing, "records");
    },
  },
];

export function measureTenets(facts: Facts): TenetResult[] {
  return TENETS.map(({ says, measure }, index) => {
    const { unit, of, observed } = measure(facts);
    return { tenet: index + 1, says, holds: observed, of, unit };
  });
}
