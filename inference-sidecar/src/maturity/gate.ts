import type { Configuration, ConfiguredGrant, ConfiguredRoute } from "./configuration.ts";
import type { DenialKind } from "./denial.ts";
import type { Observations, PolicyObservations } from "./observations.ts";
import type { RouteObservations } from "./route-observations.ts";

/** Pillars and cross-cutting capabilities of the CISA Zero Trust Maturity Model, version 2.0. */
export const AREAS = [
  "identity",
  "devices",
  "networks",
  "applications",
  "data",
  "visibility",
  "automation",
  "governance",
] as const;
export type Area = (typeof AREAS)[number];

export const STAGES = ["traditional", "initial", "advanced", "optimal"] as const;
export type Stage = (typeof STAGES)[number];

/** What a gate rests on: the policy says so; requests have shown it; a denial or a self-test has proved it. */
export const STRENGTHS = ["declared", "observed", "proved"] as const;
export type Strength = (typeof STRENGTHS)[number];

/** How many units (routes, grants, requests, …) a gate looks at, and of how many it holds, by what it rests on. */
export interface Units {
  readonly unit: string;
  readonly of: number;
  readonly declared: number;
  readonly observed: number;
  readonly proved: number;
}

/** A condition of a stage; `docs/maturity.md` is held to the table of gates by a test, both ways. */
export interface Gate {
  readonly id: string;
  readonly stage: Exclude<Stage, "traditional">;
  /** The function of the maturity model. */
  readonly function: string;
  readonly says: string;
  readonly needs: Strength;
  /** Share of its units that must hold: all, unless it is said. */
  readonly share?: number;
  readonly measure: (facts: Facts) => Units;
}

/** What gates are computed from. */
export interface Facts {
  readonly log: Observations;
  /** The newest configuration, and what was decided under it. */
  readonly configuration: Configuration;
  readonly current: PolicyObservations;
  readonly routes: readonly RouteFacts[];
  /** Lines of the log, and how many of them signed heads hold. */
  readonly lines: number;
  readonly signed: number;
}

export interface RouteFacts {
  readonly configured: ConfiguredRoute;
  readonly seen: RouteObservations;
  /** What it enforces, from `detect` up, has denied: a request, or a probe of the newest self-test. */
  readonly accessProved: boolean;
  readonly scoreProved: boolean;
  /** The newest self-test, at most a day before the log's end, was as it must be. */
  readonly selfTested: boolean;
  /** `none`, `passed`, or what was wrong. */
  readonly selfTest: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;

export function routeFacts(configuration: Configuration, current: PolicyObservations, until: string): RouteFacts[] {
  return configuration.routes.map((configured) => {
    const seen = current.route(configured.name);
    const newest = current.selfTests.get(configured.name);
    const fresh = newest !== undefined && Date.parse(until) - Date.parse(newest.time) <= DAY_MS ? newest : null;
    // What denials had proved, a self-test that failed after them has taken back.
    const since = newest !== undefined && !newest.proved ? newest.time : "";
    const denies = (kind: DenialKind) => (seen.lastDenials.get(kind) ?? "") > since;
    return {
      configured,
      seen,
      accessProved: denies("access") || fresh?.access === true,
      scoreProved: denies("score") || fresh?.score === true,
      selfTested: fresh?.proved === true,
      selfTest: fresh === null ? "none" : fresh.problem || "passed",
    };
  });
}

/** Units that are grants; observed are those that were used. */
export function grants(routes: readonly RouteFacts[], declared: (grant: ConfiguredGrant) => boolean): Units {
  const all = routes.flatMap(({ configured, seen }) =>
    configured.allow.map((grant) => ({ grant, used: seen.grants.has(grant.id) })),
  );
  return each(
    "grants",
    all,
    ({ grant }) => declared(grant),
    ({ used }) => used,
  );
}

/** Units that are requests: what was seen of so many. */
export function requests(observed: number, of: number, unit = "requests"): Units {
  return { unit, of, declared: observed, observed, proved: 0 };
}

/** Where the route stands. */
export function rungOf({ seen, configured }: RouteFacts): string {
  return seen.rung || configured.rung;
}

/** Units of which each is declared or not, and of those declared observed or not, proved or not; what is proved is observed. */
export function each<Item>(
  unit: string,
  items: readonly Item[],
  declared: (item: Item) => boolean,
  observed: (item: Item) => boolean = () => false,
  proved: (item: Item) => boolean = () => false,
): Units {
  const said = items.filter(declared);
  return {
    unit,
    of: items.length,
    declared: said.length,
    observed: said.filter((item) => observed(item) || proved(item)).length,
    proved: said.filter(proved).length,
  };
}

export function sum<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

export const isProtected = ({ configured }: RouteFacts) => !configured.public;
export const isInspected = ({ configured }: RouteFacts) => configured.score !== "off";
export const enforcesAccess = (route: RouteFacts) => rungOf(route) !== "observe";
export const enforcesScore = (route: RouteFacts) => isInspected(route) && ["prevent", "adapt"].includes(rungOf(route));
export const adapts = (route: RouteFacts) => rungOf(route) === "adapt";
export const wasAsked = ({ seen }: RouteFacts) => seen.requests > 0;
