import type { PolicyInForce, ToldIssuer } from "../policy/in-force.ts";
import { type Grant, type Issuer, METHODS, type Policy, type Route } from "../policy/policy.ts";
import { trustDomainOfPattern } from "../policy/spiffe-id.ts";
import { digestOf, digestWith, membersOf } from "./canonical-digest.ts";

/** What the decision log says of a policy that came in force: which checks it asks for, no key, secret or condition's value. */
export interface Configuration {
  /** Of the compiled policy; decisions name it. */
  readonly digest: string;
  readonly mode: Policy["mode"];
  readonly log: Policy["log"];
  /** The listener speaks TLS. */
  readonly tls: boolean;
  /** A client certificate, where one is sent, is validated. */
  readonly clientCertificates: boolean;
  readonly routes: readonly ConfiguredRoute[];
  /** Digest of which requests meet which route: where it is the same, so is the route. */
  readonly matches: string;
  /** Digest of whose word on a client's certificate is believed (`forwardedFrom`): where it is the same, so is the workload. */
  readonly forwarders: string;
}

export interface ConfiguredRoute {
  readonly name: string;
  readonly rung: Route["mode"];
  readonly public: boolean;
  readonly score: "off" | "headers" | "full";
  /** Empty: all. */
  readonly methods: readonly string[];
  /** Whatever grant lets it in, a key is proved (of a certificate, or of a token's), or how its user authenticated is asked for. */
  readonly strong: boolean;
  readonly allow: readonly ConfiguredGrant[];
  /** How many grants deny. */
  readonly deny: number;
  /**
   * Digest of all that is asked of its requests, but for the rung: where it, the bundle and `matches` are the same, a
   * request is found to be the same.
   */
  readonly rules: string;
}

export interface ConfiguredGrant {
  readonly id: string;
  /** It names who answers for it, and why it is there. */
  readonly owned: boolean;
  readonly expires: boolean;
  readonly token: boolean;
  readonly scopes: readonly string[];
  readonly workload: boolean;
  readonly apiKey: boolean;
  /** Claims, networks, headers, times. */
  readonly conditions: number;
}

/** @param digest of the compiled policy, in hexadecimal */
export function describeConfiguration(policy: PolicyInForce["policy"], digest: string): Configuration {
  const { issuers, workloads, dpop, apiKeys } = policy;
  // Where its file lies says nothing.
  const named = { ...workloads, trustBundle: workloads.trustBundle !== null };
  const identity = membersOf({ issuers: issuers.map(withoutKeys), workloads: named, dpop });
  const identityAndKeys = { ...identity, ...membersOf({ apiKeys }) };
  const rulesOf = (route: Route) =>
    digestWith({ ...route, mode: null, ladder: null }, asksForKeys(route, policy) ? identityAndKeys : identity);
  return {
    digest,
    mode: policy.mode,
    log: policy.log,
    tls: policy.tls !== null,
    clientCertificates: policy.workloads.trustBundle !== null,
    routes: policy.routes.map((route) => ({ ...describeRoute(route, issuers), rules: rulesOf(route) })),
    matches: digestOf(policy.routes.map(({ name, hosts, methods, path }) => [name, hosts, methods, path])),
    forwarders: digestOf(policy.workloads.forwardedFrom),
  };
}

/** An API key that is not accepted denies wherever somebody is asked for. */
function asksForKeys(route: Route, { apiKeys }: PolicyInForce["policy"]): boolean {
  return apiKeys.keys.length > 0 && (!route.public || route.deny.length > 0);
}

function describeRoute(route: Route, issuers: PolicyInForce["policy"]["issuers"]): Omit<ConfiguredRoute, "rules"> {
  const { stepUp, allow } = route;
  const asksMore = stepUp.acr.length > 0 || stepUp.amr.length > 0 || stepUp.maxAgeMs !== null;
  const stepsUp = asksMore && stepUp.fromMillionths === null;
  const bound = allow.every((grant) => grantBinds(grant, route, issuers));
  return {
    name: route.name,
    rung: route.mode,
    public: route.public,
    score: route.score.inspect,
    methods: METHODS.every((method) => route.methods.includes(method)) ? [] : route.methods,
    strong: !route.public && (stepsUp || bound),
    allow: allow.map(describeGrant),
    deny: route.deny.length,
  };
}

/** Keys and secrets change without changing what is asked; the sidecar is told none. */
function withoutKeys(issuer: ToldIssuer & Partial<Pick<Issuer, "keys" | "secret">>) {
  const { keys, kids, secret, keySource, ...rest } = issuer;
  return rest;
}

/** Whoever uses the grant proves a key: that of their certificate, or the one that their token is bound to. */
function grantBinds(
  { issuer, workloads }: Grant,
  { senderConstrained }: Route,
  issuers: PolicyInForce["policy"]["issuers"],
): boolean {
  const routeBinds = senderConstrained !== null;
  // A request brings one token: beside a user's, a workload comes by its certificate.
  if (issuer !== null) return routeBinds || workloads.length > 0 || issuers[issuer]?.senderConstrained !== null;
  const bearers = issuers.filter((one) => one.senderConstrained === null).map(({ trustDomain }) => trustDomain);
  const comesByKey = (workload: string) => routeBinds || !bearers.includes(trustDomainOfPattern(workload));
  return workloads.length > 0 && workloads.every(comesByKey);
}

function describeGrant(grant: Grant): ConfiguredGrant {
  return {
    id: grant.id,
    owned: grant.owner !== "" && grant.reason !== "",
    expires: grant.expiresAt !== null,
    token: grant.issuer !== null,
    scopes: grant.scopes,
    workload: grant.workloads.length > 0,
    apiKey: grant.apiKeys.length > 0,
    conditions: grant.claims.length + grant.networks.length + grant.headers.length + grant.times.length,
  };
}
