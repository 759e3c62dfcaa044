import { IDENTITY_HEADERS } from "./identity-check.ts";
import { secretEnvironmentName } from "./issuer-check.ts";
import type { IssuerMaterial } from "./key-files.ts";
import {
  type Grant,
  type Issuer,
  METHODS,
  type Mode,
  type Policy,
  type Route,
  SCORE_DEFAULTS,
  type Score,
} from "./policy.ts";
import { parseDuration, parseSize } from "./units.ts";
import type { WrittenGrant, WrittenIssuer, WrittenPolicy, WrittenRoute } from "./written-policy.ts";

const DEFAULT_MODE: Mode = "prevent";
const DEFAULT_SKEW_MS = 30_000;

/** Fills in every default. `policy` has passed every check; `resolve` makes a path absolute. */
export function normalise(
  policy: WrittenPolicy,
  materials: readonly IssuerMaterial[],
  resolve: (file: string) => string,
): Policy {
  const { tls } = policy.listener ?? {};
  const { issuers = [], workloads, headers } = policy.identity ?? {};
  const names = { ...IDENTITY_HEADERS, ...headers };
  return {
    mode: policy.mode ?? DEFAULT_MODE,
    log: policy.log ?? "batched",
    tls: tls ? { certificate: resolve(tls.certificate.file), key: resolve(tls.key.file) } : null,
    issuers: issuers.map((issuer, index) => normaliseIssuer(issuer, materials[index])),
    workloads: {
      trustDomains: workloads?.trustDomains ?? [],
      trustBundle: workloads ? resolve(workloads.trustBundle.file) : null,
      forwardedFrom: workloads?.forwardedFrom ?? [],
    },
    headers: {
      subject: names.subject.toLowerCase(),
      issuer: names.issuer.toLowerCase(),
      workload: names.workload.toLowerCase(),
      scopes: names.scopes.toLowerCase(),
    },
    routes: normaliseRoutes(policy),
  };
}

export function normaliseRoutes(policy: WrittenPolicy): Route[] {
  const issuers = (policy.identity?.issuers ?? []).map(({ name }) => name);
  return policy.routes.map((route) => normaliseRoute(route, policy.mode ?? DEFAULT_MODE, issuers));
}

function normaliseRoute(route: WrittenRoute, mode: Mode, issuers: readonly string[]): Route {
  return {
    name: route.name,
    mode: route.mode ?? mode,
    hosts: (route.match.hosts ?? []).map((host) => host.toLowerCase()),
    methods: route.match.methods ?? METHODS,
    path: route.match.path,
    public: route.public ?? false,
    allow: (route.allow ?? []).map((grant) => normaliseGrant(grant, issuers)),
    score: normaliseScore(route.score),
  };
}

function normaliseGrant(grant: WrittenGrant, issuers: readonly string[]): Grant {
  return {
    issuer: grant.issuer === undefined ? null : issuers.indexOf(grant.issuer),
    scopes: grant.scopes ?? [],
    claims: Object.entries(grant.claims ?? {}).map(([name, values]) => ({ name, values: [values].flat() })),
    workloads: grant.workloads ?? [],
  };
}

function normaliseScore(score: WrittenRoute["score"]): Score {
  if (score === "off") return { inspect: "off" };
  if (score === "headers") return { inspect: "headers", ...SCORE_DEFAULTS };
  const { ask, deadline, onUnavailable, maxBody, onTooLarge } = score ?? {};
  return {
    inspect: "full",
    ask: ask ?? SCORE_DEFAULTS.ask,
    deadlineMs: parseDuration(deadline ?? "") ?? SCORE_DEFAULTS.deadlineMs,
    onUnavailable: onUnavailable ?? SCORE_DEFAULTS.onUnavailable,
    maxBodyBytes: parseSize(maxBody ?? "") ?? SCORE_DEFAULTS.maxBodyBytes,
    onTooLarge: onTooLarge ?? SCORE_DEFAULTS.onTooLarge,
  };
}

function normaliseIssuer(issuer: WrittenIssuer, material: IssuerMaterial | undefined): Issuer {
  const secret = material?.secret ?? null;
  return {
    name: issuer.name,
    issuer: issuer.issuer,
    audiences: issuer.audiences,
    algorithms: issuer.algorithms,
    keys: material?.keys ?? [],
    secret: secret === null ? null : { environmentName: secretEnvironmentName(issuer.name), secret },
    clockSkewMs: parseDuration(issuer.clockSkew ?? "") ?? DEFAULT_SKEW_MS,
  };
}
