import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { before, beforeEach, describe, test } from "node:test";
import fc from "fast-check";
import { type DpopClient, makeDpopClient, type ProofChanges } from "../../harness/dpop.ts";
import { Gate, type Outcome } from "./gate.ts";
import { NOW, POLICY, token } from "./keys.ts";

let gate: Gate;
let client: DpopClient;
let bound: string;

const policyWith = (given: Partial<typeof POLICY.dpop>, senderConstrained: "mtls" | "dpop" | "any" | null = null) => ({
  ...POLICY,
  dpop: { ...POLICY.dpop, ...given },
  issuers: POLICY.issuers.map((issuer) => ({ ...issuer, senderConstrained })),
});

before(async () => {
  client = await makeDpopClient();
  bound = token({ cnf: { jkt: client.thumbprint } });
  gate = await Gate.start(POLICY);
  // The worker remembers proofs from its first one on.
  gate.now = (NOW - 300) * 1000;
  await judge();
});
beforeEach(() => {
  gate.now = NOW * 1000;
  gate.usePolicy(POLICY);
  gate.useCertificate(new Uint8Array(0));
});

const URL = "https://api.test/orders/7";

/** Outcome of a request to `URL` with a bound token and a proof of `from`, or what is given. */
async function judge(changes: ProofChanges = {}, jwt = bound, from = client, scheme = "DPoP"): Promise<Outcome> {
  return ask(jwt, [await from.proof("GET", URL, jwt, changes, Math.floor(gate.now / 1000))], scheme);
}

function ask(jwt: string, proofs: readonly string[], scheme = "DPoP", path = "/orders/7?q=1"): Outcome {
  return gate.outcome([
    [":method", "GET"],
    [":scheme", "https"],
    [":authority", "api.test"],
    [":path", path],
    ["authorization", `${scheme} ${jwt}`],
    ...proofs.map((proof) => ["dpop", proof] as const),
  ]);
}

test("a proof for this very request and token is believed, by either algorithm and scheme in any case", async () => {
  assert.equal(await judge(), "VALID");
  assert.equal(gate.bindings, 2);
  assert.equal(await judge({}, bound, client, "dPoP"), "VALID");
  const rsa = await makeDpopClient("RS256");
  assert.equal(await judge({}, token({ cnf: { jkt: rsa.thumbprint } }), rsa), "VALID");
});

describe("each fault of a proof has its outcome", () => {
  const ath = createHash("sha256").update("another token").digest("base64url");
  const cases: [Outcome, string, ProofChanges][] = [
    ["DPOP_PROOF_TARGET", "another method", { claims: { htm: "POST" } }],
    ["DPOP_PROOF_TARGET", "the method in lower case", { claims: { htm: "get" } }],
    ["DPOP_PROOF_TARGET", "another path", { claims: { htu: "https://api.test/orders/8" } }],
    ["DPOP_PROOF_TARGET", "another host", { claims: { htu: "https://api.test.example/orders/7" } }],
    ["DPOP_PROOF_TARGET", "another scheme", { claims: { htu: "http://api.test/orders/7" } }],
    ["DPOP_PROOF_TARGET", "another port", { claims: { htu: "https://api.test:8443/orders/7" } }],
    ["DPOP_PROOF_TARGET", "no URI", { claims: { htu: "/orders/7" } }],
    ["VALID", "the default port, capitals, a query", { claims: { htu: "HTTPS://API.test:443/orders/7?x#y" } }],
    ["VALID", "an empty port", { claims: { htu: "https://api.test:/orders/7" } }],
    ["DPOP_PROOF_TOKEN", "another token", { claims: { ath } }],
    ["DPOP_PROOF_TIME", "too old", { claims: { iat: NOW - 92 } }],
    ["VALID", "as old as may be, with the skew", { claims: { iat: NOW - 90 } }],
    ["DPOP_PROOF_TIME", "to come", { claims: { iat: NOW + 31 } }],
    ["VALID", "within the skew", { claims: { iat: NOW + 30 } }],
    ["DPOP_PROOF_TIME", "expired", { claims: { exp: NOW - 30 } }],
    ["VALID", "expired within the skew", { claims: { exp: NOW - 29 } }],
    ["DPOP_PROOF_TIME", "not yet valid", { claims: { nbf: NOW + 31 } }],
    ["VALID", "not yet valid, within the skew", { claims: { nbf: NOW + 30 } }],
    ["DPOP_PROOF_MALFORMED", "an exp that is no time", { claims: { exp: "never" } }],
    ["DPOP_PROOF_MALFORMED", "no jti", { claims: { jti: undefined } }],
    ["DPOP_PROOF_MALFORMED", "an empty jti", { claims: { jti: "" } }],
    ["DPOP_PROOF_MALFORMED", "a jti that is too long", { claims: { jti: "j".repeat(257) } }],
    ["DPOP_PROOF_MALFORMED", "no iat", { claims: { iat: undefined } }],
    ["DPOP_PROOF_MALFORMED", "no ath", { claims: { ath: undefined } }],
    ["DPOP_PROOF_MALFORMED", "no htm", { claims: { htm: undefined } }],
    ["DPOP_PROOF_MALFORMED", "no htu", { claims: { htu: undefined } }],
    ["DPOP_PROOF_MALFORMED", "another type", { header: { typ: "JWT" } }],
    ["DPOP_PROOF_MALFORMED", "no key", { header: { jwk: undefined } }],
    ["DPOP_PROOF_MALFORMED", "more than 4 KiB", { claims: { more: "m".repeat(4096) } }],
  ];
  for (const [outcome, what, changes] of cases) {
    test(`${what}: ${outcome}`, async () => assert.equal(await judge(changes), outcome));
  }

  test("a key with private parts, another curve, another thumbprint, another signature", async () => {
    const other = await makeDpopClient();
    assert.equal(await judge({ header: { jwk: { ...client.jwk, d: "AA" } } }), "DPOP_PROOF_MALFORMED");
    assert.equal(await judge({ header: { jwk: { ...client.jwk, crv: "P-384" } } }), "DPOP_PROOF_MALFORMED");
    assert.equal(await judge({ header: { jwk: { ...client.jwk, x: "AA" } } }), "DPOP_PROOF_MALFORMED");
    assert.equal(await judge({}, bound, other), "DPOP_PROOF_KEY");
    assert.equal(await judge({ header: { jwk: client.jwk } }, bound, other), "DPOP_PROOF_SIGNATURE");
  });

  test("no proof, two proofs, two in one header", async () => {
    const [one, two] = [await client.proof("GET", URL, bound, {}, NOW), await client.proof("GET", URL, bound, {}, NOW)];
    assert.equal(ask(bound, []), "DPOP_PROOF_MISSING");
    assert.equal(ask(bound, [one, two]), "DPOP_PROOF_MALFORMED");
    assert.equal(ask(bound, [`${one},${two}`]), "DPOP_PROOF_MALFORMED");
    assert.equal(ask(bound, [one], "DPoP", "/orders/8"), "DPOP_PROOF_TARGET");
  });
});

test("a bound token is no bearer token, and an unbound one no DPoP token", async () => {
  assert.equal(await judge({}, bound, client, "Bearer"), "DPOP_SCHEME");
  assert.equal(await judge({}, token()), "DPOP_SCHEME");
  assert.equal(gate.judge(token()), "VALID");
});

test("a token that is bound in another way, or whose digest is none, is refused", () => {
  assert.equal(gate.judge(token({ cnf: { jwk: client.jwk } })), "CONFIRMATION");
  assert.equal(gate.judge(token({ cnf: {} })), "CONFIRMATION");
  for (const cnf of ["x", null, [], { jkt: 1 }, { jkt: "" }, { jkt: "AAAA" }, { "x5t#S256": "AAAA" }]) {
    assert.equal(gate.judge(token({ cnf })), "MALFORMED", JSON.stringify(cnf));
  }
});

test("a token is good only for the certificate that it is bound to, also where it was verified before", async () => {
  const digest = createHash("sha256").update("certificate").digest();
  const jwt = token({ cnf: { "x5t#S256": digest.toString("base64url") } });
  assert.equal(gate.judge(jwt), "CERTIFICATE");
  gate.useCertificate(digest);
  assert.equal(gate.judge(jwt), "VALID");
  assert.equal(gate.bindings, 1);
  gate.useCertificate(createHash("sha256").update("another").digest());
  assert.equal(gate.judge(jwt), "CERTIFICATE");
  const both = token({ cnf: { "x5t#S256": digest.toString("base64url"), jkt: client.thumbprint } });
  assert.equal(await judge({}, both), "CERTIFICATE");
  gate.useCertificate(digest);
  assert.equal(await judge({}, both), "VALID");
  assert.equal(gate.bindings, 3);
});

test("an issuer may ask for bound tokens only", async () => {
  const digest = createHash("sha256").update("certificate").digest();
  const byCertificate = token({ cnf: { "x5t#S256": digest.toString("base64url") } });
  gate.useCertificate(digest);
  for (const [wanted, plain, mtls, dpop] of [
    ["mtls", "UNBOUND", "VALID", "UNBOUND"],
    ["dpop", "UNBOUND", "UNBOUND", "VALID"],
    ["any", "UNBOUND", "VALID", "VALID"],
  ] as const) {
    gate.usePolicy(policyWith({}, wanted));
    assert.deepEqual([gate.judge(token()), gate.judge(byCertificate), await judge()], [plain, mtls, dpop], wanted);
  }
});

describe("replay", () => {
  test("a proof is good once, however long it is sent again, and forgotten only when it is too old", async () => {
    const proof = await client.proof("GET", URL, bound, {}, NOW);
    assert.equal(ask(bound, [proof]), "VALID");
    for (const later of [0, 1, 45, 89, 90]) {
      gate.now = (NOW + later) * 1000;
      assert.equal(ask(bound, [proof]), "DPOP_PROOF_REPLAYED", `${later} s`);
    }
    gate.now = (NOW + 91) * 1000;
    assert.equal(ask(bound, [proof]), "DPOP_PROOF_TIME");
  });

  test("the same jti of another key is another proof", async () => {
    const other = await makeDpopClient();
    const jti = randomUUID();
    assert.equal(await judge({ claims: { jti } }), "VALID");
    assert.equal(await judge({ claims: { jti } }, token({ cnf: { jkt: other.thumbprint } }), other), "VALID");
    assert.equal(await judge({ claims: { jti } }), "DPOP_PROOF_REPLAYED");
  });

  test("a proof that was refused is not used up", async () => {
    const proof = await client.proof("GET", URL, bound, {}, NOW);
    assert.equal(ask(bound, [proof], "DPoP", "/elsewhere"), "DPOP_PROOF_TARGET");
    assert.equal(ask(bound, [proof]), "VALID");
  });

  test("one that can't be remembered is not accepted", async () => {
    gate.raceWrites(true);
    assert.equal(await judge(), "DPOP_REPLAY_WINDOW");
    gate.raceWrites(false);
    assert.equal(await judge(), "VALID");
  });

  test("a proof from before the gate began to remember is refused", async () => {
    gate.now = (NOW - 250) * 1000;
    gate.usePolicy(policyWith({ maxAgeMs: 300_000 }));
    assert.equal(await judge({ claims: { iat: NOW - 301 } }), "DPOP_PROOF_TIME");
    assert.equal(await judge({ claims: { iat: NOW - 300 } }), "VALID");
  });

  describe("a used proof that is no longer remembered stays refused under a policy that allows older ones", () => {
    const short = policyWith({ maxAgeMs: 1000 });
    const long = policyWith({ maxAgeMs: 300_000 });
    const skewed = { ...short, issuers: short.issuers.map((issuer) => ({ ...issuer, clockSkewMs: 300_000 })) };
    for (const [what, policy, later] of [
      ["of a longer age", long, 40],
      ["of a longer skew", skewed, 60],
    ] as const) {
      test(what, async () => {
        gate.now = (NOW + later * 1000) * 1000;
        gate.usePolicy(short);
        const jwt = token({ cnf: { jkt: client.thumbprint }, exp: NOW + 200_000 });
        const used = await client.proof("GET", URL, jwt, {}, gate.now / 1000);
        const ahead = await client.proof("GET", URL, jwt, {}, gate.now / 1000 + 30);
        assert.deepEqual([ask(jwt, [used]), ask(jwt, [ahead])], ["VALID", "VALID"]);
        gate.now += 40_000;
        assert.equal(ask(jwt, [used]), "DPOP_PROOF_TIME");
        gate.usePolicy(policy);
        assert.equal(ask(jwt, [used]), "DPOP_PROOF_TIME");
        gate.now += 30_000;
        assert.equal(ask(jwt, [ahead]), "DPOP_PROOF_TIME");
        assert.equal(await judge({}, jwt), "VALID", "a new one");
        const next = await client.proof("GET", URL, jwt, {}, gate.now / 1000 + 10);
        gate.now += 200_000;
        assert.equal(ask(jwt, [next]), "VALID", "as old as the policy allows, made since");
        assert.equal(ask(jwt, [next]), "DPOP_PROOF_REPLAYED");
        gate.usePolicy(short);
        assert.equal(await judge({}, jwt), "VALID");
        gate.usePolicy(policy);
        assert.equal(ask(jwt, [next]), "DPOP_PROOF_TIME", "back and forth");
      });
    }
  });

  test("what is remembered takes 16 bytes a proof and gives way by age", async () => {
    const before = gate.sharedBytes;
    for (let i = 0; i < 200; i++) assert.equal(await judge(), "VALID");
    const grown = gate.sharedBytes - before;
    assert.ok(grown > 100 * 16 && grown <= 200 * 16, `${grown} bytes`);
  });
});

describe("nonces", () => {
  beforeEach(() => {
    gate.usePolicy(policyWith({ nonce: true }));
  });
  test("are asked for, given, and good for two periods", async () => {
    assert.equal(await judge(), "DPOP_NONCE");
    const { nonce } = gate;
    assert.match(nonce, /^[\w-]{22}$/);
    assert.equal(await judge({ claims: { nonce } }), "VALID");
    gate.now += 60_000;
    assert.equal(await judge({ claims: { nonce } }), "VALID");
    assert.notEqual(gate.nonce, nonce, "the new one comes with the answer");
    assert.equal(await judge({ claims: { nonce: gate.nonce } }), "VALID");
    assert.equal(gate.nonce, "");
    gate.now += 60_000;
    assert.equal(await judge({ claims: { nonce } }), "DPOP_NONCE");
  });
});

test("origins of the policy take the place of the request's", async () => {
  gate.usePolicy(policyWith({ origins: ["https://shop.example", "https://shop.example:8443"] }));
  assert.equal(await judge(), "DPOP_PROOF_TARGET");
  assert.equal(await judge({ claims: { htu: "https://Shop.example:443/orders/7" } }), "VALID");
  assert.equal(await judge({ claims: { htu: "https://shop.example:8443/orders/7" } }), "VALID");
});

test("a flood of bad proofs is bounded, and a flood of bad tokens does not refuse good proofs", async () => {
  const good = await client.proof("GET", URL, bound, {}, NOW);
  const [header, , signature = ""] = good.split(".");
  const payload = (jti: number) => {
    const claims = JSON.parse(Buffer.from(good.split(".")[1] ?? "", "base64url").toString());
    return Buffer.from(JSON.stringify({ ...claims, jti: `${jti}` })).toString("base64url");
  };
  assert.equal(await judge(), "VALID");
  for (let i = 0; i < 1500; i++) gate.chargeBudget();
  assert.equal(gate.judge(token({ jti: "new" })), "VERIFICATION_BUDGET");
  assert.equal(ask(bound, [good]), "VALID");
  const counts: Partial<Record<Outcome, number>> = {};
  for (let i = 0; i < 1200; i++) {
    const outcome = ask(bound, [`${header}.${payload(i)}.${signature}`]);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  assert.deepEqual(counts, { DPOP_PROOF_SIGNATURE: 1000, VERIFICATION_BUDGET: 200 });
});

test("a proof of any bytes, and any JSON in its parts, neither traps nor is believed", async () => {
  gate.now += 10_000;
  assert.equal(await judge(), "VALID", "the budgets are full again");
  const encoded = fc.oneof(
    fc.json().map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc
      .dictionary(fc.constantFrom("typ", "alg", "jwk", "htm", "htu", "iat", "jti", "ath", "nonce", "x"), fc.jsonValue())
      .map((value) => Buffer.from(JSON.stringify(value))),
  );
  const proof = fc.oneof(
    fc.string(),
    fc.tuple(encoded, encoded, encoded).map((parts) => parts.map((part) => part.toString("base64url")).join(".")),
  );
  fc.assert(
    fc.property(proof, (text) => ask(bound, [text]) === "DPOP_PROOF_MALFORMED"),
    { numRuns: 3000 },
  );
});
