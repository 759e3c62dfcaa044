import type { Configuration } from "./configuration.ts";
import { routeFacts } from "./gate.ts";
import { type Hour, type Observations, PolicyObservations } from "./observations.ts";
import { measureRoutes, type RouteResult } from "./routes.ts";
import { type AreaResult, measureAreas } from "./stages.ts";
import { measureTenets, type TenetResult } from "./tenets.ts";

/** What the chain of the log is worth. */
export interface LogSeal {
  readonly lines: number;
  /** Held by a signed head. */
  readonly signed: number;
  /** The first thing that is wrong; null: nothing is. */
  readonly problem: string | null;
}

export interface MaturityReport {
  /** Times of the log's first and last line; nothing in a report depends on when it is made. */
  readonly from: string;
  readonly until: string;
  readonly log: LogSeal & { readonly decisions: number; readonly missing: number; readonly lost: number };
  /** Null: the log names no policy, and nothing can be said of what was declared. */
  readonly policy: Pick<Configuration, "digest" | "mode" | "log"> | null;
  readonly decisions: number;
  readonly areas: readonly AreaResult[];
  readonly tenets: readonly TenetResult[];
  readonly routes: readonly RouteResult[];
  readonly hours: readonly (Hour & { readonly hour: string })[];
}

const NO_CONFIGURATION: Configuration = {
  digest: "",
  mode: "observe",
  log: "batched",
  tls: false,
  clientCertificates: false,
  routes: [],
  matches: "",
  forwarders: "",
};

/** The maturity of the newest policy in the log, from what was decided under it. Pure. */
export function assessMaturity(log: Observations, seal: LogSeal): MaturityReport {
  const current = log.policies.get(log.newest) ?? new PolicyObservations();
  const configuration = current.configuration;
  const routes = routeFacts(configuration ?? NO_CONFIGURATION, current, log.last);
  const facts = {
    log,
    configuration: configuration ?? NO_CONFIGURATION,
    current,
    routes,
    lines: seal.lines,
    signed: seal.problem === null ? seal.signed : 0,
  };
  return {
    from: log.first,
    until: log.last,
    log: {
      ...seal,
      decisions: log.decisions,
      missing: log.missing,
      lost: [...log.lost.values()].reduce((total, lost) => total + lost, 0),
    },
    policy: configuration && { digest: configuration.digest, mode: configuration.mode, log: configuration.log },
    decisions: current.decisions,
    areas: measureAreas(facts),
    tenets: measureTenets(facts),
    routes: measureRoutes(routes, log),
    hours: [...log.hours].sort(([a], [b]) => (a < b ? -1 : 1)).map(([hour, counts]) => ({ hour, ...counts })),
  };
}
