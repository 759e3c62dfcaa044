import assert from "node:assert/strict";
import { before, test } from "node:test";
import { compilePolicy } from "../../inference-sidecar/src/policy/compile.ts";
import type { Grant, Issuer } from "../../inference-sidecar/src/policy/policy.ts";
import { policyOf, route } from "./policies.ts";
import { loadPolicyModule, type PolicyModule, type SubjectText } from "./policy-module.ts";

let filter: PolicyModule;
before(async () => {
  filter = await loadPolicyModule();
});

const issuer = (name: string): Issuer => ({
  name,
  issuer: `https://${name}`,
  audiences: ["a"],
  algorithms: ["HS256"],
  keys: [],
  secret: { environmentName: "X", secret: "s" },
  clockSkewMs: 0,
});

/** Index of the grant of a route with these grants, -1 for none. */
function granted(grants: Partial<Grant>[], subject: SubjectText): number {
  const allow = grants.map((grant) => ({ issuer: null, scopes: [], claims: [], workloads: [], ...grant }));
  const issuers = [issuer("first"), issuer("second")];
  // A route before it, so that no run of the policy starts at zero.
  const routes = [
    route({ path: "/x", public: false, allow: [...allow].reverse() }),
    route({ path: "/", public: false, allow }),
  ];
  assert.equal(filter.decode(compilePolicy(policyOf(routes, { issuers })).blob), "");
  return filter.grant(1, subject);
}

const WEB = "spiffe://edge.demo/ns/shop/sa/web";

const cases: [what: string, grants: Partial<Grant>[], subject: SubjectText, index: number][] = [
  ["no grant", [], { issuer: 0 }, -1],
  ["a token of the issuer", [{ issuer: 1 }], { issuer: 1 }, 0],
  ["a token of another issuer", [{ issuer: 1 }], { issuer: 0 }, -1],
  ["no token", [{ issuer: 0 }], { issuer: -1 }, -1],
  ["all scopes", [{ issuer: 0, scopes: ["a", "b"] }], { issuer: 0, scopes: "b c a" }, 0],
  ["one of two scopes", [{ issuer: 0, scopes: ["a", "b"] }], { issuer: 0, scopes: "a" }, -1],
  [
    "the beginning of a scope",
    [{ issuer: 0, scopes: ["orders:read"] }],
    { issuer: 0, scopes: "orders orders:rea" },
    -1,
  ],
  ["the first of two grants", [{ issuer: 1 }, { issuer: 0 }, { issuer: 0 }], { issuer: 0 }, 1],
  ["a claim", [{ issuer: 0, claims: [{ name: "r", values: ["x", "y"] }] }], { issuer: 0, claims: { r: "y" } }, 0],
  [
    "another claim value",
    [{ issuer: 0, claims: [{ name: "r", values: ["x"] }] }],
    { issuer: 0, claims: { r: "z" } },
    -1,
  ],
  [
    "an element of a claim",
    [{ issuer: 0, claims: [{ name: "r", values: ["x"] }] }],
    { issuer: 0, claims: { r: ["z", "x"] } },
    0,
  ],
  ["a number", [{ issuer: 0, claims: [{ name: "n", values: [7] }] }], { issuer: 0, claims: { n: 7 } }, 0],
  ["a number as text", [{ issuer: 0, claims: [{ name: "n", values: [7] }] }], { issuer: 0, claims: { n: "7" } }, -1],
  ["true", [{ issuer: 0, claims: [{ name: "t", values: [true] }] }], { issuer: 0, claims: { t: true } }, 0],
  ["false for true", [{ issuer: 0, claims: [{ name: "t", values: [true] }] }], { issuer: 0, claims: { t: false } }, -1],
  [
    "one of two claims",
    [
      {
        issuer: 0,
        claims: [
          { name: "a", values: ["x"] },
          { name: "b", values: ["x"] },
        ],
      },
    ],
    { issuer: 0, claims: { a: "x" } },
    -1,
  ],
  ["a workload", [{ workloads: ["spiffe://edge.demo/x", WEB] }], { issuer: -1, workload: WEB }, 0],
  ["a longer workload", [{ workloads: [WEB] }], { issuer: -1, workload: `${WEB}2` }, -1],
  ["no workload", [{ workloads: [WEB] }], { issuer: 0 }, -1],
  ["a workload below a prefix", [{ workloads: ["spiffe://edge.demo/ns/*"] }], { issuer: -1, workload: WEB }, 0],
  ["the prefix itself", [{ workloads: [`${WEB}/*`] }], { issuer: -1, workload: `${WEB}/` }, -1],
  ["a prefix that ends within a segment", [{ workloads: [`${WEB}/*`] }], { issuer: -1, workload: `${WEB}2/x` }, -1],
  ["token and workload", [{ issuer: 0, workloads: [WEB] }], { issuer: 0, workload: WEB }, 0],
  ["a token without the workload", [{ issuer: 0, workloads: [WEB] }], { issuer: 0 }, -1],
  ["a workload without the token", [{ issuer: 0, workloads: [WEB] }], { issuer: -1, workload: WEB }, -1],
];

for (const [what, grants, subject, index] of cases) {
  test(`${what}: ${index < 0 ? "denied" : `grant ${index}`}`, () => assert.equal(granted(grants, subject), index));
}
