import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import { ALGORITHMS, algorithmBits, isPublic } from "../../inference-sidecar/src/policy/algorithms.ts";
import { compilePolicy } from "../../inference-sidecar/src/policy/compile.ts";
import { normaliseGrant } from "../../inference-sidecar/src/policy/grant.ts";
import { METHODS, type Policy, type Route, type Score } from "../../inference-sidecar/src/policy/policy.ts";
import { resealed } from "./mutated-blob.ts";
import { policyOf, route } from "./policies.ts";
import { loadPolicyModule, type PolicyModule } from "./policy-module.ts";

let filter: PolicyModule;
before(async () => {
  filter = await loadPolicyModule();
});

const MODES = ["observe", "detect", "prevent", "adapt"] as const;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** What `describe` of the entry gives for this policy. */
function described(policy: Policy, digest: Uint8Array): string[] {
  const { workloads, headers, issuers } = policy;
  const lines = [`digest ${hex(digest)}`, `mode ${MODES.indexOf(policy.mode)}`, `routes ${policy.routes.length}`];
  lines.push(`trust ${workloads.trustDomains.join()}`, `forwarded ${workloads.forwardedFrom.join()}`);
  const plain = [headers.subject, headers.issuer, headers.workload, headers.scopes];
  lines.push(`headers ${plain.join()}`);
  lines.push(`told ${headers.claims.flatMap(({ claim, header }) => [claim, header]).join()}`);
  const signed = policy.assertion === null ? [] : [policy.assertion.header];
  lines.push(`identity ${[headers.apiKey, ...plain, ...headers.claims.map(({ header }) => header), ...signed].join()}`);
  if (policy.assertion !== null) {
    const { header, issuer, audience, lifetimeMs, claims } = policy.assertion;
    lines.push(`assertion ${[header, issuer, audience].join()} ${lifetimeMs} ${claims.join()}`);
  }
  for (const [index, issuer] of issuers.entries()) {
    const algorithms = algorithmBits(issuer.algorithms);
    const source = issuer.keySource?.uri ?? "";
    const names = [issuer.name, issuer.issuer, issuer.secret?.environmentName ?? "", source].join();
    lines.push(`issuer ${index} ${algorithms} ${issuer.clockSkewMs / 1000} ${names} ${issuer.audiences.join()}`);
    for (const key of issuer.keys) lines.push(`key ${algorithmBits(key.algorithms)} ${key.kid} ${hex(key.spki)}`);
  }
  return lines;
}

function describedRoute({ name, mode, score, allow, deny, public: isPublic, ...more }: Route, index: number): string {
  const inspect = ["off", "headers", "full"].indexOf(score.inspect);
  if (score.inspect === "off") throw new Error("give the score of a route that is described");
  const numbers = [index, MODES.indexOf(mode), inspect, score.deadlineMs, score.maxBodyBytes, allow.length];
  const flags = [score.ask === "always", score.onUnavailable === "open", score.onTooLarge === "prefix"];
  const hasTokenGrant = allow.some(({ issuer }) => issuer !== null);
  const stepUpFrom = more.stepUp.fromMillionths ?? 0xffffffff;
  return [name, ...numbers, deny.length, stepUpFrom, isPublic, ...flags, hasTokenGrant, more.assertion].join(" ");
}

const texts = fc.array(fc.stringMatching(/^[a-z:é/]{1,12}$/), { maxLength: 3 });
const arbitraryIssuer = fc.record({
  name: fc.stringMatching(/^[a-z]{1,9}$/),
  issuer: fc.webUrl(),
  audiences: texts,
  algorithms: fc.subarray([...ALGORITHMS], { minLength: 1 }),
  keys: fc.array(
    fc.record({
      kid: fc.stringMatching(/^[a-z0-9]{0,9}$/),
      algorithms: fc.subarray([...ALGORITHMS].filter(isPublic), { minLength: 1 }),
      spki: fc.uint8Array({ maxLength: 600 }),
    }),
    { maxLength: 3 },
  ),
  secret: fc.option(fc.constant({ environmentName: "POSTERN_HS256_A", secret: "never in the blob" })),
  clockSkewMs: fc.integer({ min: 0, max: 300 }).map((seconds) => seconds * 1000),
  trustDomain: fc.constantFrom(null, "edge.demo"),
  keySource: fc.constantFrom(null, { uri: "https://a.b/", refreshMs: 60_000, maxAgeMs: 600_000 }),
  senderConstrained: fc.constantFrom(null, "mtls" as const, "dpop" as const, "any" as const),
});
const name = fc.stringMatching(/^x-[a-z]{1,9}$/);
const arbitraryHeaders = fc.record({
  subject: name,
  issuer: name,
  workload: name,
  scopes: name,
  apiKey: name,
  claims: fc.array(fc.record({ claim: fc.stringMatching(/^[a-zé]{1,9}$/), header: name }), { maxLength: 16 }),
});
const arbitraryAssertion = fc.record({
  header: name,
  issuer: fc.webUrl(),
  audience: fc.stringMatching(/^[a-z]{1,9}$/),
  lifetimeMs: fc.integer({ min: 10, max: 600 }).map((seconds) => seconds * 1000),
  claims: texts,
});
const arbitraryScore: fc.Arbitrary<Score> = fc.record({
  inspect: fc.constantFrom("headers" as const, "full" as const),
  ask: fc.constantFrom("unsure" as const, "always" as const),
  deadlineMs: fc.integer({ min: 1, max: 30_000 }),
  onUnavailable: fc.constantFrom("open" as const, "closed" as const),
  maxBodyBytes: fc.integer({ min: 1, max: 256 * 1024 }),
  thresholds: fc.constantFrom(null, { denyAlone: 700_000, modelDeny: 300_000 }),
  onTooLarge: fc.constantFrom("deny" as const, "prefix" as const),
});
const grant = normaliseGrant({ workloads: ["spiffe://d/x"] }, "g", []);
const arbitraryRoute = fc
  .record({
    path: fc.constantFrom("/", "/a/{b}", "/a/**"),
    name: fc.stringMatching(/^[a-z]{1,9}$/),
    mode: fc.constantFrom(...MODES),
    public: fc.boolean(),
    score: arbitraryScore,
    allow: fc.array(fc.constant(grant), { maxLength: 3 }),
    deny: fc.array(fc.constant(grant), { maxLength: 3 }),
    assertion: fc.boolean(),
    stepUp: fc.record({
      acr: texts,
      amr: texts,
      maxAgeMs: fc.constantFrom(null, 60_000),
      fromMillionths: fc.option(fc.integer({ min: 1, max: 999_999 })),
    }),
  })
  .map(route);

test("the filter reads what was compiled", () => {
  const arbitrary = fc.record({
    mode: fc.constantFrom(...MODES),
    issuers: fc.array(arbitraryIssuer, { maxLength: 3 }),
    headers: arbitraryHeaders,
    assertion: fc.option(arbitraryAssertion),
    workloads: fc.record({ trustDomains: texts, trustBundle: fc.constant(null), forwardedFrom: texts }),
  });
  const property = fc.property(fc.array(arbitraryRoute, { maxLength: 12 }), arbitrary, (routes, given) => {
    const policy = policyOf(routes, given);
    const { blob, digest } = compilePolicy(policy);
    assert.equal(filter.decode(blob), "");
    assert.deepEqual(filter.describe(), described(policy, digest));
    for (const [index, one] of routes.entries()) assert.equal(filter.describeRoute(index), describedRoute(one, index));
    assert.equal(Buffer.from(blob).includes("never in the blob"), false);
    assert.deepEqual(compilePolicy(policy).blob, blob);
  });
  fc.assert(property, { numRuns: 200 });
});

test("routes past the cache of flyweights are still themselves", () => {
  const routes = Array.from({ length: 600 }, (_, index) => route({ path: `/${index}`, name: `r${index}` }));
  assert.equal(filter.decode(compilePolicy(policyOf(routes)).blob), "");
  for (const index of [1, 257, 513, 1, 599, 343])
    assert.match(filter.describeRoute(index), new RegExp(`^r${index} ${index} `));
});

describe("what is refused, with its reason", () => {
  const { blob } = compilePolicy(policyOf([route({ path: "/a", methods: METHODS })]));
  const changed = (change: (copy: Buffer) => void) => {
    const copy = Buffer.from(blob);
    change(copy);
    return copy;
  };
  const cases: [what: string, bytes: Uint8Array, reason: RegExp][] = [
    ["nothing", new Uint8Array(0), /not a compiled policy/],
    ["other bytes", Buffer.alloc(4096, 7), /not a compiled policy/],
    ["a later version", changed((copy) => copy.writeUInt16LE(4, 4)), /version 4, .*version 3/],
    ["a cut", blob.subarray(0, blob.length - 1), /cut off/],
    ["bytes added", Buffer.concat([blob, Buffer.from([0])]), /bytes added/],
    ["a changed byte", changed((copy) => copy.writeUInt8(copy.readUInt8(200) ^ 1, 200)), /digest/],
    ["a section outside", resealed(changed((copy) => copy.writeUInt32LE(0xfffffff0, 164))), /section/],
    ["a mode that is none", resealed(changed((copy) => copy.writeUInt32LE(4, 44))), /head/],
    ["a log that is none", resealed(changed((copy) => copy.writeUInt32LE(2, 84))), /head/],
    ["a root outside the nodes", resealed(changed((copy) => copy.writeUInt32LE(99, 80))), /tree/],
  ];
  for (const [what, bytes, reason] of cases) test(what, () => assert.match(filter.decode(bytes), reason));

  test("and the last good one stays", () => {
    assert.equal(filter.decode(blob), "");
    assert.notEqual(filter.decode(new Uint8Array(0)), "");
    assert.equal(filter.match("h", "GET", "/a"), 0);
  });
});
