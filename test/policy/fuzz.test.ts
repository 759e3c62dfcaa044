import assert from "node:assert/strict";
import { before, test } from "node:test";
import { compilePolicy } from "../../inference-sidecar/src/policy/compile.ts";
import { normaliseGrant } from "../../inference-sidecar/src/policy/grant.ts";
import { mutated, randomIntegers, resealed } from "./mutated-blob.ts";
import { policyOf, route } from "./policies.ts";
import { loadPolicyModule, type PolicyModule } from "./policy-module.ts";

let filter: PolicyModule;
before(async () => {
  filter = await loadPolicyModule();
});

const grants = [
  {
    issuer: "demo",
    scopes: ["orders:read", "x"],
    claims: { role: ["clerk", 7, true], level: { atLeast: 1, below: 9 }, till: { prefix: "t" } },
    networks: ["10.0.0.0/8", "2001:db8::/32"],
    headers: { "x-site": ["north"] },
    times: [{ days: ["mon" as const], from: "08:00" }],
    expires: "2100-01-01T00:00:00Z",
  },
  { workloads: ["spiffe://edge.demo/ns/*"] },
].map((grant, index) => normaliseGrant(grant, `g${index}`, ["demo"]));
const { blob } = compilePolicy(
  policyOf(
    [
      route({ path: "/a/{b}/c", hosts: ["api.demo", "*.demo"], methods: ["GET"] }),
      route({ path: "/a/**", public: false, allow: grants, deny: grants.toReversed() }),
      route({ path: "/a/b/c/d", hosts: ["*.a.demo"] }),
      route({ path: "/{x}/{y}/{z}" }),
    ],
    {
      issuers: [
        {
          name: "demo",
          issuer: "https://issuer.demo",
          audiences: ["orders"],
          algorithms: ["RS256", "HS256"],
          keys: [{ kid: "k", algorithms: ["RS256"], spki: new Uint8Array(40) }],
          secret: { environmentName: "S", secret: "s" },
          clockSkewMs: 1000,
          trustDomain: null,
          keySource: null,
          senderConstrained: "any",
        },
      ],
      workloads: { trustDomains: ["edge.demo"], trustBundle: null, forwardedFrom: ["spiffe://edge.demo/p"] },
    },
  ),
);

/** Everything that the filter ever asks of a policy that it took. */
function exercise(): void {
  const lines = filter.describe();
  const routes = Number(lines.find((line) => line.startsWith("routes "))?.slice(7));
  const issuers = lines.filter((line) => line.startsWith("issuer ")).length;
  for (const [host, path] of [
    ["x.a.demo:80", "/a/b/c"],
    ["api.demo", "/a/b/c/d"],
    ["", "/a"],
    ["h", "//"],
  ] as const) {
    const index = filter.match(host, "GET", path);
    assert.ok(index >= -2 && index < routes, `route ${index} of ${routes}`);
  }
  for (let index = 0; index < Math.min(routes, 8); index++) {
    filter.describeRoute(index);
    const subject = {
      issuer: issuers - 1,
      scopes: "x orders:read",
      claims: { role: 7, level: 3, till: "t1" },
      workload: "spiffe://edge.demo/ns/a",
      from: "10.1.2.3:80",
      headers: [["x-site", "north"]] as const,
    };
    assert.match(filter.grant(index, subject), /^(none|allow|deny)/);
  }
}

test("20,000 broken structures under a right digest: refused, or read without a trap", () => {
  let taken = 0;
  for (let seed = 1; seed <= 20_000; seed++) {
    const broken = resealed(mutated(blob, randomIntegers(seed * 2_654_435)));
    try {
      if (filter.decode(broken) !== "") continue;
      taken++;
      exercise();
    } catch (error) {
      assert.fail(`seed ${seed}: ${error}`);
    } finally {
      if (seed % 64 === 0) filter.collect();
    }
  }
  // Else the mutations would be too coarse to reach anything behind the checks.
  assert.ok(taken > 200, `${taken} taken`);
  assert.ok(taken < 15_000, `${taken} taken`);
});

test("each single changed byte is refused", () => {
  for (let offset = 0; offset < blob.length; offset++) {
    const broken = Uint8Array.from(blob);
    broken[offset] = (broken[offset] ?? 0) ^ (1 << (offset % 8));
    assert.notEqual(filter.decode(broken), "", `byte ${offset}`);
    if (offset % 64 === 0) filter.collect();
  }
});

test("random bytes are refused", () => {
  const random = randomIntegers(7);
  for (let run = 0; run < 2_000; run++) {
    const bytes = Uint8Array.from({ length: random(400) }, () => random(256));
    bytes.set(blob.subarray(0, Math.min(random(200), bytes.length)));
    assert.notEqual(filter.decode(run % 2 === 0 && bytes.length > 44 ? resealed(bytes) : bytes), "");
  }
});
