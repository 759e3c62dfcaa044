import assert from "node:assert/strict";
import { createHmac, sign } from "node:crypto";
import { before, beforeEach, describe, test } from "node:test";
import { SignJWT } from "jose";
import { Gate } from "./gate.ts";
import {
  CLAIMS,
  ec,
  foreignRsa,
  ISSUER,
  mint,
  NOW,
  POLICY,
  rsa,
  SECRET,
  SECRET_NAME,
  SHARED_ISSUER,
  token,
} from "./keys.ts";

let gate: Gate;

before(async () => {
  gate = await Gate.start(POLICY);
});

beforeEach(() => {
  gate.usePolicy(POLICY);
  gate.secrets.set(SECRET_NAME, SECRET);
});

describe("tokens of each algorithm", () => {
  const builder = (alg: string, issuer: string) =>
    new SignJWT({ scope: "orders:read orders:write" })
      .setProtectedHeader({ alg, typ: "JWT" })
      .setIssuer(issuer)
      .setAudience(["elsewhere", "orders"])
      .setSubject("alice")
      .setIssuedAt(NOW - 10)
      .setNotBefore(NOW - 10)
      .setExpirationTime(NOW + 60);

  for (const [alg, issuer, name, key] of [
    ["RS256", ISSUER, "main", rsa.privateKey],
    ["ES256", ISSUER, "main", ec.privateKey],
    ["HS256", SHARED_ISSUER, "shared", SECRET],
  ] as const) {
    test(`${alg}, as jose signs it, gives the subject`, async () => {
      const jwt = await builder(alg, issuer).sign(key);
      const identity = gate.authenticate([["authorization", `Bearer ${jwt}`]]);
      assert.equal(identity.outcome, "VALID");
      assert.equal(identity.issuer, name);
      assert.equal(identity.subject, "alice");
      assert.deepEqual(identity.scopes, ["orders:read", "orders:write"]);
      assert.equal(JSON.parse(identity.claims).sub, "alice");
      assert.equal(gate.acceptedUntilMillis, (NOW + 60 + (alg === "HS256" ? 0 : 30)) * 1000);
    });
  }

  test("many ES256 signatures, whatever their scalars begin with", () => {
    for (let index = 0; index < 200; index++) {
      assert.equal(gate.judge(mint({ alg: "ES256" }, { ...CLAIMS, jti: index }, "ES256")), "VALID");
    }
  });
});

describe("the authorization header", () => {
  const cases: [string, [string, string][], string][] = [
    ["none", [], "ABSENT"],
    ["the scheme in another case", [["authorization", `bEARER ${token()}`]], "VALID"],
    ["several spaces", [["authorization", `Bearer   ${token()}`]], "VALID"],
    ["another scheme", [["authorization", "Basic YWxpY2U6c2VjcmV0"]], "ABSENT"],
    ["a scheme that begins like it", [["authorization", `Bearers ${token()}`]], "ABSENT"],
    ["no token", [["authorization", "Bearer"]], "MALFORMED"],
    ["only spaces", [["authorization", "Bearer  "]], "MALFORMED"],
    ["a tab", [["authorization", `Bearer \t${token()}`]], "MALFORMED"],
    ["a space behind", [["authorization", `Bearer ${token()} `]], "MALFORMED"],
    ["joined by a comma", [["authorization", `Bearer ${token()}, Bearer ${token()}`]], "MALFORMED"],
    ["another scheme, joined", [["authorization", `Basic YQ==,Bearer ${token()}`]], "ABSENT"],
    [
      "twice",
      [
        ["authorization", `Bearer ${token()}`],
        ["authorization", `Bearer ${token()}`],
      ],
      "MALFORMED",
    ],
    [
      "twice, the first empty",
      [
        ["authorization", ""],
        ["authorization", `Bearer ${token()}`],
      ],
      "MALFORMED",
    ],
    ["8 KiB and a byte", [["authorization", `Bearer ${"a".repeat(8193)}`]], "MALFORMED"],
    ["a NUL", [["authorization", `Bearer ${token()}\0`]], "MALFORMED"],
  ];
  for (const [name, headers, outcome] of cases) {
    test(name, () => assert.equal(gate.authenticate(headers).outcome, outcome));
  }
});

describe("keys", () => {
  test("no kid: the only key of the algorithm", () => {
    assert.equal(gate.judge(mint({ alg: "RS256" }, CLAIMS)), "VALID");
  });

  test("no kid and two keys of the algorithm: KEY", () => {
    const [main] = POLICY.issuers;
    assert.ok(main);
    const keys = [...main.keys, ...main.keys.map((key) => ({ ...key, kid: `${key.kid}-old` }))];
    gate.usePolicy({ ...POLICY, issuers: [{ ...main, keys }] });
    assert.equal(gate.judge(mint({ alg: "RS256" }, CLAIMS)), "KEY");
    assert.equal(gate.judge(mint({ alg: "RS256", kid: "rsa-1-old" }, CLAIMS)), "VALID");
  });

  test("a kid that nobody has: KEY", () => {
    assert.equal(gate.judge(token({}, { kid: "rsa-2" })), "KEY");
    assert.equal(gate.judge(token({}, { kid: "" })), "KEY");
  });

  test("a kid of a key with another algorithm: ALGORITHM", () => {
    assert.equal(gate.judge(token({}, { kid: "ec-1" })), "ALGORITHM");
  });

  test("a secret that is absent or too short: KEY", () => {
    const short = Buffer.from("short");
    const jwt = mint({ alg: "HS256" }, { ...CLAIMS, iss: SHARED_ISSUER }, (text) =>
      createHmac("sha256", short).update(text).digest(),
    );
    gate.secrets.set(SECRET_NAME, short);
    assert.equal(gate.judge(jwt), "KEY");
    gate.secrets.delete(SECRET_NAME);
    assert.equal(gate.judge(jwt), "KEY");
  });

  test("an algorithm that the issuer does not use: ALGORITHM", () => {
    assert.equal(gate.judge(mint({ alg: "HS256" }, CLAIMS, "HS256")), "ALGORITHM");
    assert.equal(gate.judge(mint({ alg: "RS256" }, { ...CLAIMS, iss: SHARED_ISSUER })), "ALGORITHM");
  });

  test("HS256 keyed with the RSA public key is no valid token, in whatever form the key is taken", () => {
    const forms = [
      rsa.publicKey.export({ format: "pem", type: "spki" }),
      rsa.publicKey.export({ format: "der", type: "spki" }),
      rsa.publicKey.export({ format: "pem", type: "pkcs1" }),
    ];
    for (const form of forms) {
      const forge = (text: string) => createHmac("sha256", form).update(text).digest();
      assert.equal(gate.judge(mint({ alg: "HS256", kid: "rsa-1" }, CLAIMS, forge)), "ALGORITHM");
    }
  });
});

describe("order of the checks", () => {
  const unsigned = (claims: Record<string, unknown>) =>
    mint({ alg: "RS256" }, { ...CLAIMS, ...claims }, () => Buffer.alloc(256, 7));

  test("time, audience and shape of an unverified payload decide nothing: SIGNATURE", () => {
    assert.equal(gate.judge(unsigned({ exp: NOW - 9999 })), "SIGNATURE");
    assert.equal(gate.judge(unsigned({ aud: "nobody" })), "SIGNATURE");
    assert.equal(gate.judge(unsigned({ nbf: "soon" })), "SIGNATURE");
  });

  test("a foreign issuer is not verified at all", () => {
    const verifications = gate.verifications;
    assert.equal(gate.judge(token({ iss: "https://elsewhere.test" })), "ISSUER");
    assert.equal(gate.verifications, verifications);
  });

  test("a refused token leaves no identity", () => {
    const identity = gate.authenticate([["authorization", `Bearer ${token({ exp: NOW - 60 })}`]]);
    assert.deepEqual(identity, {
      outcome: "EXPIRED",
      issuer: "",
      subject: "",
      scopes: [],
      claims: "",
      workload: "",
    });
  });
});

describe("time, with 30 s of skew", () => {
  const cases: [string, Record<string, unknown>, string][] = [
    ["exp now", { exp: NOW }, "VALID"],
    ["exp one second inside the skew", { exp: NOW - 29 }, "VALID"],
    ["exp at the skew", { exp: NOW - 30 }, "EXPIRED"],
    ["exp a fraction inside the skew", { exp: NOW - 29.5 }, "VALID"],
    ["exp zero", { exp: 0 }, "EXPIRED"],
    ["nbf at the skew", { nbf: NOW + 30 }, "VALID"],
    ["nbf beyond the skew", { nbf: NOW + 31 }, "NOT_YET_VALID"],
    ["nbf a millisecond beyond the skew", { nbf: NOW + 30.001 }, "NOT_YET_VALID"],
    ["iat at the skew", { iat: NOW + 30 }, "VALID"],
    ["iat beyond the skew", { iat: NOW + 31 }, "ISSUED_IN_FUTURE"],
    ["expired and for others", { exp: NOW - 60, aud: "others" }, "AUDIENCE"],
  ];
  for (const [name, claims, outcome] of cases) {
    test(name, () => assert.equal(gate.judge(token(claims)), outcome));
  }

  test("without skew exp is a hard edge", () => {
    const at = (exp: number) => mint({ alg: "HS256" }, { ...CLAIMS, iss: SHARED_ISSUER, exp }, "HS256");
    assert.equal(gate.judge(at(NOW + 1)), "VALID");
    assert.equal(gate.judge(at(NOW)), "EXPIRED");
  });
});

describe("audience", () => {
  const cases: [string, unknown, string][] = [
    ["an array with ours", ["x", "invoices"], "VALID"],
    ["an empty array", [], "AUDIENCE"],
    ["another", "order", "AUDIENCE"],
    ["ours in upper case", "Orders", "AUDIENCE"],
    ["ours with more behind", "orders ", "AUDIENCE"],
    ["absent", undefined, "AUDIENCE"],
    ["null", null, "MALFORMED"],
    ["a number", 1, "MALFORMED"],
    ["an array with a number", ["orders", 1], "MALFORMED"],
    ["a nested array", [["orders"]], "MALFORMED"],
    ["an object", { orders: true }, "MALFORMED"],
  ];
  for (const [name, aud, outcome] of cases) {
    test(name, () => assert.equal(gate.judge(token({ aud })), outcome));
  }
});

describe("scopes", () => {
  const scopesOf = (claims: Record<string, unknown>) =>
    gate.authenticate([["authorization", `Bearer ${token(claims)}`]]).scopes;

  test("from scope, from scp, each as string or array, or from both", () => {
    assert.deepEqual(scopesOf({ scope: " a  b " }), ["a", "b"]);
    assert.deepEqual(scopesOf({ scope: ["a", "b"] }), ["a", "b"]);
    assert.deepEqual(scopesOf({ scope: [] }), []);
    assert.deepEqual(scopesOf({ scp: "a b" }), ["a", "b"]);
    assert.deepEqual(scopesOf({ scp: ["a", "b"] }), ["a", "b"]);
    assert.deepEqual(scopesOf({ scope: "a", scp: ["b"] }), ["a", "b"]);
    assert.deepEqual(scopesOf({}), []);
  });

  test("what is no scope-token is refused: it would become two scopes or a header of its own", () => {
    for (const claims of [
      { scp: ["a b"] },
      { scp: [""] },
      { scope: "a\r\nx: y" },
      { scope: 'a"' },
      { scp: [1] },
      { scope: ["a b"] },
      { scope: [["a"]] },
    ]) {
      assert.equal(gate.judge(token(claims)), "MALFORMED", JSON.stringify(claims));
    }
  });
});

test("signatures by another key, in another encoding or of another length: SIGNATURE", () => {
  const ecdsa = (text: string) => sign("sha256", Buffer.from(text), ec.privateKey);
  const signers = [
    (text: string) => sign("sha256", Buffer.from(text), foreignRsa.privateKey),
    (text: string) => sign("sha512", Buffer.from(text), rsa.privateKey),
    () => Buffer.alloc(1),
    () => Buffer.alloc(512),
  ];
  for (const signer of signers) assert.equal(gate.judge(mint({ alg: "RS256" }, CLAIMS, signer)), "SIGNATURE");
  for (const signer of [ecdsa, () => Buffer.alloc(64), () => Buffer.alloc(63, 1)]) {
    assert.equal(gate.judge(mint({ alg: "ES256", kid: "ec-1" }, CLAIMS, signer)), "SIGNATURE");
  }
});

test("a signature longer than that of any key is refused here, at the price of a wrong one, and nobody is asked", () => {
  const forged = (bytes: number) => mint({ alg: "RS256" }, CLAIMS, () => Buffer.alloc(bytes, 1));
  const before = gate.verifications;
  assert.equal(gate.judge(forged(1024)), "SIGNATURE");
  assert.equal(gate.verifications, before + 1);
  assert.equal(gate.judge(forged(1025)), "SIGNATURE");
  assert.equal(gate.verifications, before + 1);
  assert.equal(untilBudgetIsSpent(forged(1025)), "SIGNATURE");
});

test("for a kid that no key can have nobody is asked: KEY, at the price of a wrong signature", () => {
  const [main, shared] = POLICY.issuers;
  assert.ok(main && shared);
  const keySource = { uri: "https://issuer.test/keys", refreshMs: 300_000, maxAgeMs: 86_400_000 };
  gate.usePolicy({ ...POLICY, issuers: [{ ...main, keys: [], keySource }, shared] });
  gate.now += 10_000;
  assert.equal(gate.judge(token({}, { kid: "k".repeat(256) })), "UNVERIFIABLE");
  const kid = "k".repeat(257);
  assert.equal(gate.judge(token({}, { kid })), "KEY");
  assert.equal(untilBudgetIsSpent(token({}, { kid })), "KEY");
});

/** What the token gets until the budget for verifications is spent; afterwards it is full again. */
function untilBudgetIsSpent(jwt: string): string {
  const outcomes = new Set(Array.from({ length: 1001 }, () => gate.judge(jwt)));
  gate.now += 10_000;
  assert.ok(outcomes.delete("VERIFICATION_BUDGET"), "it costs nothing");
  return [...outcomes].join();
}
