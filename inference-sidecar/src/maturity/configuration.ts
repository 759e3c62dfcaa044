import { type Grant, METHODS, type Policy, type Route } from "../policy/policy.ts";
import type { PolicyInForce } from "../policy-source.ts";

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
}

export interface ConfiguredRoute {
  readonly name: string;
  readonly rung: Route["mode"];
  readonly public: boolean;
  readonly score: "off" | "headers" | "full";
  /** Empty: all. */
  readonly methods: readonly string[];
  /** A token must be bound to its sender, or how its user authenticated is asked for. */
  readonly strong: boolean;
  readonly allow: readonly ConfiguredGrant[];
  /** How many grants deny. */
  readonly deny: number;
}

export interface ConfiguredGrant {
  readonly id: string;
  /** It names who answers for it, and why it is there. */
  readonly owned: boolean;
  readonly expires: boolean;
  readonly token: boolean;
  readonly scopes: readonly string[];
  readonly workload: boolean;
  /** Claims, networks, headers, times. */
  readonly conditions: number;
}

/** @param digest of the compiled policy, in hexadecimal */
export function describeConfiguration(policy: PolicyInForce["policy"], digest: string): Configuration {
  const bound = policy.issuers.map(({ senderConstrained }) => senderConstrained !== null);
  return {
    digest,
    mode: policy.mode,
    log: policy.log,
    tls: policy.tls !== null,
    clientCertificates: policy.workloads.trustBundle !== null,
    routes: policy.routes.map((route) => describeRoute(route, bound)),
  };
}

function describeRoute(route: Route, issuerBinds: readonly boolean[]): ConfiguredRoute {
  const { stepUp, allow } = route;
  const stepsUp = stepUp.acr.length > 0 || stepUp.amr.length > 0 || stepUp.maxAgeMs !== null;
  const bound = route.senderConstrained !== null || allow.every((grant) => grantBinds(grant, issuerBinds));
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

/** Whoever uses the grant proves a key: the workload's, or the one that the token is bound to. */
function grantBinds({ issuer, workloads }: Grant, issuerBinds: readonly boolean[]): boolean {
  return workloads.length > 0 || (issuer !== null && issuerBinds[issuer] === true);
}

function describeGrant(grant: Grant): ConfiguredGrant {
  return {
    id: grant.id,
    owned: grant.owner !== "" && grant.reason !== "",
    expires: grant.expiresAt !== null,
    token: grant.issuer !== null,
    scopes: grant.scopes,
    workload: grant.workloads.length > 0,
    conditions: grant.claims.length + grant.networks.length + grant.headers.length + grant.times.length,
  };
}
