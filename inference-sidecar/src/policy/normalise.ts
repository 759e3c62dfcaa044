import { DEFAULT_KEY_HEADER } from "./api-key-check.ts";
import type { Calibration } from "./calibration.ts";
import { thresholdsFor } from "./conformal.ts";
import { expirySeconds } from "./expiry-check.ts";
import { normaliseGrant } from "./grant.ts";
import { ASSERTION_HEADER, IDENTITY_HEADERS } from "./identity-headers.ts";
import { secretEnvironmentName } from "./issuer-check.ts";
import type { IssuerMaterial } from "./key-files.ts";
import {
  type ApiKey,
  type Assertion,
  DEFAULT_BUDGET,
  DEFAULT_DAYS,
  DEFAULT_MODE,
  type IdentityHeaders,
  type Issuer,
  type KeySource,
  type Ladder,
  type Limits,
  METHODS,
  type Mode,
  type Policy,
  type Route,
  SCORE_DEFAULTS,
  type Score,
  type StepUp,
} from "./policy.ts";
import { parseDuration, parsePercent, parseSize } from "./units.ts";
import type {
  WrittenApiKey,
  WrittenAssertion,
  WrittenHeaders,
  WrittenIssuer,
  WrittenPolicy,
  WrittenRoute,
} from "./written-policy.ts";

const DEFAULT_SKEW_MS = 30_000;
const DEFAULT_PROOF_AGE_MS = 60_000;
const DEFAULT_REFRESH_MS = 300_000;
/** Of fetched keys and of the list of revocations. */
const DEFAULT_MAX_AGE_MS = 86_400_000;
const DEFAULT_LIFETIME_MS = 60_000;
const DEFAULT_FAILURES = 30;
const DEFAULT_WINDOW_MS = 60_000;

/** Fills in every default. `policy` has passed every check; `resolve` makes a path absolute. */
export function normalise(
  policy: WrittenPolicy,
  materials: readonly IssuerMaterial[],
  resolve: (file: string) => string,
  calibration: Calibration | null,
): Policy {
  const { tls } = policy.listener ?? {};
  const { issuers = [], workloads, apiKeys, dpop, headers, assertion } = policy.identity ?? {};
  return {
    mode: policy.mode ?? DEFAULT_MODE,
    log: policy.log ?? "batched",
    subjects: policy.subjects ?? "pseudonymised",
    tls: tls ? { certificate: resolve(tls.certificate.file), key: resolve(tls.key.file) } : null,
    issuers: issuers.map((issuer, index) => normaliseIssuer(issuer, materials[index])),
    workloads: {
      trustDomains: workloads?.trustDomains ?? [],
      trustBundle: workloads ? resolve(workloads.trustBundle.file) : null,
      forwardedFrom: workloads?.forwardedFrom ?? [],
    },
    apiKeys: {
      header: (apiKeys?.header ?? DEFAULT_KEY_HEADER).toLowerCase(),
      forward: apiKeys?.forward ?? false,
      keys: (apiKeys?.keys ?? []).map(normaliseApiKey),
    },
    dpop: {
      maxAgeMs: parseDuration(dpop?.maxAge ?? "") ?? DEFAULT_PROOF_AGE_MS,
      nonce: dpop?.nonce ?? false,
      origins: dpop?.origins ?? [],
    },
    headers: normaliseHeaders(headers),
    assertion: assertion ? normaliseAssertion(assertion) : null,
    revocation: policy.revocation
      ? {
          file: policy.revocation.file === undefined ? null : resolve(policy.revocation.file),
          maxAgeMs: parseDuration(policy.revocation.maxAge ?? "") ?? DEFAULT_MAX_AGE_MS,
        }
      : null,
    limits: policy.limits ? normaliseLimits(policy.limits) : null,
    routes: normaliseRoutes(policy, calibration),
    operators: policy.operators ?? [],
  };
}

/** `calibration` must support every budget. */
export function normaliseRoutes(policy: WrittenPolicy, calibration: Calibration | null): Route[] {
  const issuers = (policy.identity?.issuers ?? []).map(({ name }) => name);
  return policy.routes.map((route) => normaliseRoute(route, policy.mode ?? DEFAULT_MODE, issuers, calibration));
}

function normaliseRoute(
  route: WrittenRoute,
  mode: Mode,
  issuers: readonly string[],
  calibration: Calibration | null,
): Route {
  return {
    name: route.name,
    owner: route.owner ?? "",
    mode: route.mode ?? mode,
    ladder: normaliseLadder(route, route.mode ?? mode),
    hosts: (route.match.hosts ?? []).map((host) => host.toLowerCase()),
    methods: route.match.methods ?? METHODS,
    path: route.match.path,
    public: route.public ?? false,
    allow: (route.allow ?? []).map((grant, index) => normaliseGrant(grant, `${route.name}/${index}`, issuers)),
    deny: (route.deny ?? []).map((grant, index) => normaliseGrant(grant, `${route.name}/deny/${index}`, issuers)),
    senderConstrained: route.senderConstrained ?? null,
    onStaleRevocation: route.onStaleRevocation ?? "closed",
    stepUp: normaliseStepUp(route.stepUp),
    assertion: route.assertion ?? false,
    login: route.login ?? false,
    score: normaliseScore(route.score, calibration),
    evidence: route.evidence ?? "spans",
  };
}

function normaliseStepUp(stepUp: WrittenRoute["stepUp"]): StepUp {
  const from = parsePercent(stepUp?.fromScore ?? "");
  return {
    acr: stepUp?.acr ?? [],
    amr: stepUp?.amr ?? [],
    maxAgeMs: parseDuration(stepUp?.maxAge ?? ""),
    fromMillionths: from === null ? null : Math.round(from * 1_000_000),
  };
}

/** Without a ladder a route stays where it is. */
function normaliseLadder({ ladder, score }: WrittenRoute, mode: Mode): Ladder {
  const budget = typeof score === "object" ? parsePercent(score.falsePositiveBudget ?? "") : null;
  return {
    floor: ladder?.floor ?? mode,
    ceiling: ladder?.ceiling ?? mode,
    promote: ladder?.promote ?? "propose",
    days: ladder?.days ?? DEFAULT_DAYS,
    budget: budget ?? DEFAULT_BUDGET,
  };
}

function normaliseApiKey({ name, owner, sha256, expires }: WrittenApiKey): ApiKey {
  return { name, owner: owner ?? "", digest: Buffer.from(sha256, "hex"), expiresAt: expirySeconds(expires) };
}

function normaliseHeaders({ claims = {}, ...written }: WrittenHeaders = {}): IdentityHeaders {
  const names = { ...IDENTITY_HEADERS, ...written };
  return {
    subject: names.subject.toLowerCase(),
    issuer: names.issuer.toLowerCase(),
    workload: names.workload.toLowerCase(),
    scopes: names.scopes.toLowerCase(),
    apiKey: names.apiKey.toLowerCase(),
    claims: Object.entries(claims).map(([claim, header]) => ({ claim, header: header.toLowerCase() })),
  };
}

function normaliseAssertion({ header, issuer, audience, lifetime, claims }: WrittenAssertion): Assertion {
  return {
    header: (header ?? ASSERTION_HEADER).toLowerCase(),
    issuer,
    audience,
    lifetimeMs: parseDuration(lifetime ?? "") ?? DEFAULT_LIFETIME_MS,
    claims: claims ?? [],
  };
}

function normaliseLimits(limits: NonNullable<WrittenPolicy["limits"]>): Limits {
  return {
    trustedHops: limits.trustedHops ?? 0,
    perAddress: limits.perAddress ?? DEFAULT_FAILURES,
    perSubject: limits.perSubject ?? DEFAULT_FAILURES,
    windowMs: parseDuration(limits.window ?? "") ?? DEFAULT_WINDOW_MS,
  };
}

function normaliseScore(score: WrittenRoute["score"], calibration: Calibration | null): Score {
  if (score === "off") return { inspect: "off" };
  if (score === "headers") return { inspect: "headers", ...SCORE_DEFAULTS };
  const { deadline, onUnavailable, maxBody, onTooLarge, falsePositiveBudget } = score ?? {};
  const { ask = SCORE_DEFAULTS.ask } = score ?? {};
  const budget = parsePercent(falsePositiveBudget ?? "");
  return {
    inspect: "full",
    ask,
    deadlineMs: parseDuration(deadline ?? "") ?? SCORE_DEFAULTS.deadlineMs,
    onUnavailable: onUnavailable ?? SCORE_DEFAULTS.onUnavailable,
    maxBodyBytes: parseSize(maxBody ?? "") ?? SCORE_DEFAULTS.maxBodyBytes,
    onTooLarge: onTooLarge ?? SCORE_DEFAULTS.onTooLarge,
    thresholds: calibration === null || budget === null ? null : thresholdsFor(calibration, ask, budget),
  };
}

function normaliseIssuer(issuer: WrittenIssuer, material: IssuerMaterial | undefined): Issuer {
  const secret = material?.secret ?? null;
  return {
    name: issuer.name,
    issuer: issuer.issuer ?? "",
    trustDomain: issuer.trustDomain ?? null,
    audiences: issuer.audiences,
    algorithms: issuer.algorithms,
    keys: material?.keys ?? [],
    keySource: keySourceOf(issuer.jwks),
    secret: secret === null ? null : { environmentName: secretEnvironmentName(issuer.name), secret },
    clockSkewMs: parseDuration(issuer.clockSkew ?? "") ?? DEFAULT_SKEW_MS,
    senderConstrained: issuer.senderConstrained ?? null,
  };
}

function keySourceOf(jwks: WrittenIssuer["jwks"]): KeySource | null {
  if (jwks?.uri === undefined) return null;
  return {
    uri: new URL(jwks.uri).href,
    refreshMs: parseDuration(jwks.refresh ?? "") ?? DEFAULT_REFRESH_MS,
    maxAgeMs: parseDuration(jwks.maxAge ?? "") ?? DEFAULT_MAX_AGE_MS,
  };
}
