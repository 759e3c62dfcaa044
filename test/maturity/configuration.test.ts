import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf, digestWith, membersOf } from "../../inference-sidecar/src/maturity/canonical-digest.ts";
import { describeConfiguration } from "../../inference-sidecar/src/maturity/configuration.ts";
import { policyOf, route } from "../policy/policies.ts";

test("a digest with members that were written before is that of the whole object", () => {
  const part = { path: "/a", mode: null, gone: undefined, networks: [{ address: new Uint8Array([10, 0, 0, 0]) }] };
  for (const common of [{}, { apiKeys: [{ name: "ä" }], issuers: [] }, { a: 1, z: 2 }, { lone: null }]) {
    assert.equal(digestWith(part, membersOf(common)), digestOf({ ...part, ...common }));
    assert.equal(digestWith({}, membersOf(common)), digestOf(common));
  }
});

test("what all routes ask for alike is not written for each: 1,000 API keys and 2,000 routes", () => {
  const keys = Array.from({ length: 1000 }, (_, n) => ({
    name: `k${n}`,
    owner: "",
    digest: new Uint8Array(32).fill(n),
    expiresAt: null,
  }));
  const routes = Array.from({ length: 2000 }, (_, n) => route({ path: `/${n}`, public: false }));
  const policy = policyOf(routes, { apiKeys: { header: "x-api-key", forward: false, keys } });
  const start = process.cpuUsage();
  const described = describeConfiguration(policy, "");
  const { user, system } = process.cpuUsage(start);
  const milliseconds = (user + system) / 1000;
  assert.ok(milliseconds < 3000, `${milliseconds} ms of the processor`);
  // As releases before have it: what a ladder remembers of a route still holds.
  const { mode, ladder, ...asked } = routes[0] as (typeof routes)[number];
  const { apiKeys, issuers, dpop } = policy;
  const workloads = { ...policy.workloads, trustBundle: false };
  const whole = { ...asked, mode: null, ladder: null, apiKeys, issuers, dpop, workloads };
  assert.equal(described.routes[0]?.rules, digestOf(whole));
});
