import { addedCpu, addedLatency, type Measure } from "./results.ts";
import type { Scenario } from "./scenarios.ts";

/** A ratio that is required: what the first scenario adds to bare Envoy, to what the second adds. */
export interface Requirement {
  readonly what: string;
  readonly of: string;
  readonly to: string;
  readonly added: (scenario: Scenario) => Measure;
  readonly limit: number;
  /** What would be good; null: the limit. */
  readonly aim: number | null;
  /** How often a round visits the two: more often where what is asked for is close. */
  readonly visits: number;
}

export const requirements: readonly Requirement[] = [
  {
    what: "CPU: new token, token and privilege / jwt_authn + rbac",
    of: "postern/token/new-token",
    to: "native/new-token",
    added: addedCpu,
    limit: 1.5,
    aim: 1.1,
    visits: 3,
  },
  {
    what: "CPU: known token, token and privilege / jwt_authn with cache + rbac",
    of: "postern/token/known-token",
    to: "native-cached/known-token",
    added: addedCpu,
    limit: 3,
    aim: 1.5,
    visits: 3,
  },
  ...(["get", "known-token"] as const).flatMap((request) => {
    const what = `${request === "get" ? "public GET" : "GET with a known token"}, cleared by the screen / ext_authz`;
    const pair = { of: `postern/cleared/${request}`, to: `ext-authz/${request}`, limit: 0.5, aim: null, visits: 2 };
    return [
      { what: `CPU: ${what}`, ...pair, added: addedCpu },
      { what: `p50: ${what}`, ...pair, added: addedLatency },
    ];
  }),
  {
    what: "CPU: the last of 10,000 routes / the last of 10",
    of: "postern/routes/10000",
    to: "postern/routes/10",
    added: addedCpu,
    limit: 1.2,
    aim: null,
    visits: 3,
  },
];
