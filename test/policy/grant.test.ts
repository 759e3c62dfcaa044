import assert from "node:assert/strict";
import { isIP } from "node:net";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import { compilePolicy } from "../../inference-sidecar/src/policy/compile.ts";
import { normaliseGrant } from "../../inference-sidecar/src/policy/grant.ts";
import { parseNetwork } from "../../inference-sidecar/src/policy/network.ts";
import type { Issuer } from "../../inference-sidecar/src/policy/policy.ts";
import type { WrittenGrant } from "../../inference-sidecar/src/policy/written-policy.ts";
import type { HeaderPair } from "../filter/header-pairs.ts";
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
  trustDomain: null,
  keySource: null,
  senderConstrained: null,
});

/** What a route with these grants says: `allow 0` for the first of `allow`, `deny 0`, `none`, perhaps `, expired 0`. */
function judged(written: readonly WrittenGrant[], denies: readonly WrittenGrant[], subject: SubjectText): string {
  const names = ["first", "second"];
  const allow = written.map((grant, index) => normaliseGrant(grant, `${index}`, names));
  const deny = denies.map((grant, index) => normaliseGrant(grant, `${index}`, names));
  // A route before it, so that no run of the policy starts at zero.
  const routes = [
    route({ path: "/x", public: false, allow: allow.toReversed(), deny: allow }),
    route({ path: "/", public: false, allow, deny }),
  ];
  assert.equal(filter.decode(compilePolicy(policyOf(routes, { issuers: names.map(issuer) })).blob), "");
  return filter.grant(1, subject);
}

const WEB = "spiffe://edge.demo/ns/shop/sa/web";
const web = { workloads: [WEB] };
const first = { issuer: "first" };
const claims = (given: NonNullable<WrittenGrant["claims"]>) => [{ ...first, claims: given }];

const cases: [what: string, allow: WrittenGrant[], subject: SubjectText, finding: string][] = [
  ["no grant", [], { issuer: 0 }, "none"],
  ["a token of the issuer", [{ issuer: "second" }], { issuer: 1 }, "allow 0"],
  ["a token of another issuer", [{ issuer: "second" }], { issuer: 0 }, "none"],
  ["no token", [first], { issuer: -1 }, "none"],
  ["all scopes", [{ ...first, scopes: ["a", "b"] }], { issuer: 0, scopes: "b c a" }, "allow 0"],
  ["one of two scopes", [{ ...first, scopes: ["a", "b"] }], { issuer: 0, scopes: "a" }, "none"],
  ["the beginning of a scope", [{ ...first, scopes: ["o:read"] }], { issuer: 0, scopes: "o o:rea" }, "none"],
  ["the first of two grants", [{ issuer: "second" }, first, first], { issuer: 0 }, "allow 1"],
  ["a name of its own", [{ ...first, id: "clerks" }], { issuer: 0 }, "allow clerks"],
  ["a claim", claims({ r: ["x", "y"] }), { issuer: 0, claims: { r: "y" } }, "allow 0"],
  ["another claim value", claims({ r: "x" }), { issuer: 0, claims: { r: "z" } }, "none"],
  ["an element of a claim", claims({ r: "x" }), { issuer: 0, claims: { r: ["z", "x"] } }, "allow 0"],
  ["a number", claims({ n: 7 }), { issuer: 0, claims: { n: 7 } }, "allow 0"],
  ["a number as text", claims({ n: 7 }), { issuer: 0, claims: { n: "7" } }, "none"],
  ["true", claims({ t: true }), { issuer: 0, claims: { t: true } }, "allow 0"],
  ["false for true", claims({ t: true }), { issuer: 0, claims: { t: false } }, "none"],
  ["one of two claims", claims({ a: "x", b: "x" }), { issuer: 0, claims: { a: "x" } }, "none"],
  ["a beginning", claims({ d: { prefix: "till-" } }), { issuer: 0, claims: { d: "till-7" } }, "allow 0"],
  ["another beginning", claims({ d: { prefix: "till-" } }), { issuer: 0, claims: { d: "desk-7" } }, "none"],
  ["within bounds", claims({ l: { atLeast: 3, below: 10 } }), { issuer: 0, claims: { l: 9.9 } }, "allow 0"],
  ["over a bound", claims({ l: { atLeast: 3, below: 10 } }), { issuer: 0, claims: { l: 10 } }, "none"],
  ["under a bound", claims({ l: { above: 3, atMost: 10 } }), { issuer: 0, claims: { l: 3 } }, "none"],
  ["bounds of an array", claims({ l: { atLeast: 3, below: 10 } }), { issuer: 0, claims: { l: [1, 20] } }, "none"],
  ["a workload", [{ workloads: ["spiffe://edge.demo/x", WEB] }], { issuer: -1, workload: WEB }, "allow 0"],
  ["a longer workload", [web], { issuer: -1, workload: `${WEB}2` }, "none"],
  ["no workload", [web], { issuer: 0 }, "none"],
  ["below a prefix", [{ workloads: ["spiffe://edge.demo/ns/*"] }], { issuer: -1, workload: WEB }, "allow 0"],
  ["the prefix itself", [{ workloads: [`${WEB}/*`] }], { issuer: -1, workload: `${WEB}/` }, "none"],
  ["a prefix within a segment", [{ workloads: [`${WEB}/*`] }], { issuer: -1, workload: `${WEB}2/x` }, "none"],
  ["token and workload", [{ ...first, ...web }], { issuer: 0, workload: WEB }, "allow 0"],
  ["a token without the workload", [{ ...first, ...web }], { issuer: 0 }, "none"],
  ["a workload without the token", [{ ...first, ...web }], { issuer: -1, workload: WEB }, "none"],
];

for (const [what, allow, subject, finding] of cases) {
  test(`${what}: ${finding}`, () => assert.equal(judged(allow, [], subject), finding));
}

test("a grant that denies wins, wherever it stands", () => {
  const north = { issuer: 0, scopes: "read", headers: [["x-site", "north"]] } as const;
  assert.equal(
    judged(
      [first],
      [
        { ...first, scopes: ["write"] },
        { ...first, scopes: ["read"] },
      ],
      north,
    ),
    "deny 1",
  );
  assert.equal(judged([first], [{ ...first, scopes: ["write"] }], north), "allow 0");
  assert.equal(judged([], [{ headers: { "X-Site": "north" } }], north), "deny 0");
});

describe("networks", () => {
  const from = (networks: string[], address: string) =>
    judged([{ ...first, networks }], [], { issuer: 0, from: address }) === "allow 0";
  test("hold what begins with their bits", () => {
    assert.ok(from(["10.0.0.0/8"], "10.255.0.1:4711"));
    assert.ok(!from(["10.0.0.0/8"], "11.0.0.1:4711"));
    assert.ok(from(["192.0.2.7"], "192.0.2.7:1"));
    assert.ok(!from(["192.0.2.7"], "192.0.2.6:1"));
    assert.ok(from(["0.0.0.0/0"], "203.0.113.9:1"));
    assert.ok(from(["10.0.0.0/8", "2001:db8:ff00::/40"], "[2001:db8:ffff::1]:443"));
    assert.ok(!from(["2001:db8::/33"], "[2001:db8:8000::1]:443"));
    assert.ok(from(["::/0"], "[2001:db8::1]:443"));
    assert.ok(from(["fe80::1"], "[fe80::1%2]:443"));
  });
  test("of one family hold nothing of the other, however it is written", () => {
    assert.ok(!from(["::/0"], "10.0.0.1:1"));
    assert.ok(!from(["::/0"], "[::ffff:10.0.0.1]:1"));
    assert.ok(from(["10.0.0.0/8"], "[::ffff:10.0.0.1]:1"));
    assert.ok(!from(["0.0.0.0/0"], "[2001:db8::1]:1"));
  });
  test("a peer without an address is allowed by none and denied by any", () => {
    assert.ok(!from(["0.0.0.0/0", "::/0"], ""));
    assert.equal(judged([first], [{ networks: ["192.0.2.0/24"] }], { issuer: 0, from: "@pipe" }), "deny 0");
  });
  test("addresses are read as Node reads them, and any bytes without a trap", () => {
    const written = (text: string) => (text.includes(":") ? `[${text}]:80` : `${text}:80`);
    const property = fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), (text) => {
      const network = parseNetwork(text);
      const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text)?.[1];
      const expected = "address" in network ? Buffer.from(network.address).toString("hex") : "";
      if (expected !== "" || isIP(text) === 0)
        assert.equal(filter.address(written(text)), mapped ? "" : expected, text);
    });
    fc.assert(property, { numRuns: 2000 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => /^[0-9a-f]*$/.test(filter.address(bytes))),
      { numRuns: 2000 },
    );
  });
});

describe("times", () => {
  const at = (times: NonNullable<WrittenGrant["times"]>, when: string) =>
    judged([{ ...first, times }], [], { issuer: 0, at: when }) === "allow 0";
  test("are minutes of the day, the last not included", () => {
    const shop = [{ from: "08:00", to: "18:00" }];
    assert.ok(!at(shop, "2026-11-23T07:59:59Z"));
    assert.ok(at(shop, "2026-11-23T08:00:00Z"));
    assert.ok(at(shop, "2026-11-23T17:59:59Z"));
    assert.ok(!at(shop, "2026-11-23T18:00:00Z"));
  });
  test("may go over midnight, and over the end of the week", () => {
    const night = [{ days: ["sun" as const], from: "22:00", to: "06:00" }];
    assert.ok(at(night, "2026-11-22T23:00:00Z"));
    assert.ok(at(night, "2026-11-23T05:59:00Z"));
    assert.ok(!at(night, "2026-11-22T05:00:00Z"));
    assert.ok(!at(night, "2026-11-23T06:00:00Z"));
  });
  test("are ahead of UTC by their offset", () => {
    const monday = [{ days: ["mon" as const], offset: "+05:30" }];
    assert.ok(at(monday, "2026-11-22T18:30:00Z"));
    assert.ok(!at(monday, "2026-11-22T18:29:59Z"));
    assert.ok(!at(monday, "2026-11-23T18:30:00Z"));
    assert.ok(at([{ days: ["mon"], offset: "-05:30" }], "2026-11-24T05:29:00Z"));
  });
});

describe("headers", () => {
  const grant = { ...first, headers: { "X-Site": ["north", "south"], "x-build": { prefix: "2." } } };
  const asked = (...headers: HeaderPair[]) => judged([grant], [], { issuer: 0, headers });
  test("must all be there with one of the values, each time that they stand", () => {
    assert.equal(asked(["x-site", "south"], ["x-build", "2.1"]), "allow 0");
    assert.equal(asked(["x-site", "south"]), "none");
    assert.equal(asked(["x-site", "east"], ["x-build", "2.1"]), "none");
    assert.equal(asked(["x-site", "south"], ["x-site", "east"], ["x-build", "2.1"]), "none");
    assert.equal(asked(["x-site", "north"], ["x-site", "south"], ["x-build", "2."]), "allow 0");
  });
  test("deny by any one of their fields", () => {
    const deny = [{ headers: { "x-build": { prefix: "1." } } }];
    const headers: HeaderPair[] = [
      ["x-build", "2.0"],
      ["x-build", "1.9"],
    ];
    assert.equal(judged([first], deny, { issuer: 0, headers }), "deny 0");
    assert.equal(judged([first], deny, { issuer: 0 }), "allow 0");
  });
  test("deny by an element of a list, and allow by none", () => {
    const deny = [{ headers: { "x-site": ["north", "a, b"] } }];
    const denied = (value: string) => judged([first], deny, { issuer: 0, headers: [["x-site", value]] }) === "deny 0";
    for (const value of ["east,north", "north,", ",\t north ", "a, b", " a, b ", "a,north,b"])
      assert.ok(denied(value), value);
    for (const value of ["", ",", "a,b", "northern,east", "nor,th", "nor th"]) assert.ok(!denied(value), value);
    assert.equal(asked(["x-site", "north,south"], ["x-build", "2.1"]), "none");
  });
});

describe("a grant that has expired decides nothing, and is named", () => {
  const old = { expires: "2026-11-23T12:00:00+00:00" };
  test("from the very second on", () => {
    assert.equal(judged([{ ...first, ...old }], [], { issuer: 0, at: "2026-11-23T11:59:59Z" }), "allow 0");
    assert.equal(judged([{ ...first, ...old }], [], { issuer: 0 }), "none, expired 0");
  });
  test("only where it would have decided", () => {
    assert.equal(judged([{ ...first, ...old }], [], { issuer: 1 }), "none");
    assert.equal(judged([{ ...first, ...old }, first], [], { issuer: 0 }), "allow 1");
    assert.equal(judged([first], [{ ...first, ...old, id: "gone" }], { issuer: 0 }), "allow 0, expired gone");
    assert.equal(judged([first], [{ ...first, ...old }, first], { issuer: 0 }), "deny 1");
  });
});
