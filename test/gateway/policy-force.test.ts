import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import type { Policy } from "../../inference-sidecar/src/policy/policy.ts";
import { needsRestart, secretsOf } from "../../scripts/gateway/policy-force.ts";

const { policy } = await parsePolicy(
  `version: 1
mode: prevent
routes:
  - { name: all, match: { path: /** }, public: true }
`,
  "policy.yaml",
);
const issuer = {
  name: "demo",
  issuer: "https://issuer.test",
  audiences: ["shop"],
  algorithms: ["HS256" as const],
  keys: [],
  secret: { environmentName: "POSTERN_HS256_DEMO", secret: "one" },
  clockSkewMs: 0,
  trustDomain: null,
  keySource: null,
  senderConstrained: null,
};
const withSecret: Policy = { ...policy, issuers: [issuer] };

test("what Envoy reads only at its start is named when it changes", () => {
  const changes: readonly [name: string, after: Policy][] = [
    ["listener.tls", { ...withSecret, tls: { certificate: "/a", key: "/b" } }],
    ["identity.workloads.trustBundle", { ...withSecret, workloads: { ...policy.workloads, trustBundle: "/ca.pem" } }],
    [
      "identity.workloads.forwardedFrom",
      { ...withSecret, workloads: { ...policy.workloads, forwardedFrom: ["spiffe://edge.test/proxy"] } },
    ],
    ["an HS256 secret", { ...withSecret, issuers: [{ ...issuer, secret: { ...issuer.secret, secret: "two" } }] }],
  ];
  for (const [name, after] of changes) assert.deepEqual(needsRestart(withSecret, after), [name]);
});

test("what the filter takes over while it runs needs no restart", () => {
  const after = { ...withSecret, mode: "detect" as const, routes: [] };
  assert.deepEqual(needsRestart(withSecret, after), []);
  const encrypted = { ...withSecret, tls: { certificate: "/a", key: "/b" } };
  assert.deepEqual(needsRestart(encrypted, { ...encrypted, tls: { certificate: "/c", key: "/d" } }), []);
});

test("secrets are named by their environment variables", () => {
  assert.deepEqual(secretsOf(withSecret), { POSTERN_HS256_DEMO: "one" });
  assert.deepEqual(secretsOf(policy), {});
});
