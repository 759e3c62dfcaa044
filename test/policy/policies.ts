import { METHODS, type Policy, type Route } from "../../inference-sidecar/src/policy/policy.ts";

/** A public route that scores nothing, but for what is given. */
export function route(given: Partial<Route> & { path: string }): Route {
  const defaults = {
    name: given.path,
    mode: "prevent",
    hosts: [],
    methods: METHODS,
    public: true,
    allow: [],
    deny: [],
    senderConstrained: null,
    onStaleRevocation: "closed",
    owner: "",
    stepUp: { acr: [], amr: [], maxAgeMs: null, fromMillionths: null },
    evidence: "spans",
    login: false,
    assertion: false,
  } as const;
  const { mode = defaults.mode } = given;
  const ladder = { floor: mode, ceiling: mode, promote: "propose", days: 1, budget: 0.001 } as const;
  return { ...defaults, ladder, score: { inspect: "off" }, ...given };
}

/** A policy with these routes and nothing else, but for what is given. */
export function policyOf(routes: readonly Route[], given: Partial<Policy> = {}): Policy {
  const headers = {
    subject: "x-subject",
    issuer: "x-issuer",
    workload: "x-workload",
    scopes: "x-scopes",
    apiKey: "x-key-name",
    claims: [],
  };
  const apiKeys = { header: "x-api-key", forward: false, keys: [] };
  const workloads = { trustDomains: [], trustBundle: null, forwardedFrom: [] };
  const dpop = { maxAgeMs: 60_000, nonce: false, origins: [] };
  const nothing = { tls: null, issuers: [], limits: null, operators: [], revocation: null, assertion: null } as const;
  return {
    mode: "prevent",
    log: "batched",
    subjects: "pseudonymised",
    ...nothing,
    workloads,
    apiKeys,
    dpop,
    headers,
    routes,
    ...given,
  };
}
