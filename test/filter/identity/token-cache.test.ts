import assert from "node:assert/strict";
import { before, beforeEach, describe, test } from "node:test";
import { Gate } from "./gate.ts";
import { CLAIMS, mint, NOW, POLICY, SHARED_ISSUER, token } from "./keys.ts";

const MAX_ENTRIES = 512;
const MAX_BYTES = 1024 * 1024;
const SETS = 32;
const WAYS = 16;

let gate: Gate;

before(async () => {
  gate = await Gate.start(POLICY);
});

beforeEach(() => {
  gate.usePolicy(POLICY);
  gate.now = NOW * 1000;
});

/** Signed with the shared secret: cheap to make in great numbers. */
const shared = (claims: Record<string, unknown>) =>
  mint({ alg: "HS256" }, { ...CLAIMS, iss: SHARED_ISSUER, ...claims }, "HS256");

/** How many verifications by the host a token costs now. */
function cost(jwt: string, outcome: string): number {
  const before = gate.verifications;
  assert.equal(gate.judge(jwt), outcome);
  return gate.verifications - before;
}

test("a verified token is verified once", () => {
  const jwt = token();
  assert.equal(cost(jwt, "VALID"), 1);
  assert.equal(cost(jwt, "VALID"), 0);
  const identity = gate.authenticate([["authorization", `Bearer ${jwt}`]]);
  assert.equal(identity.subject, "alice");
  assert.equal(identity.issuer, "main");
  assert.equal(gate.cacheSize, 1);
});

test("a token that ends like a known one is not taken for it", () => {
  const jwt = token();
  const [header, , signature] = jwt.split(".");
  const other = Buffer.from(JSON.stringify({ ...CLAIMS, sub: "mallory" })).toString("base64url");
  assert.equal(cost(jwt, "VALID"), 1);
  assert.equal(cost(`${header}.${other}.${signature}`, "SIGNATURE"), 1);
});

test("expiry is judged again at each hit", () => {
  const jwt = token({ exp: NOW + 10 });
  assert.equal(cost(jwt, "VALID"), 1);
  gate.now = (NOW + 39) * 1000;
  assert.equal(cost(jwt, "VALID"), 0);
  gate.now = (NOW + 40) * 1000;
  assert.equal(cost(jwt, "EXPIRED"), 0);
});

test("not-before is judged again when the clock goes back", () => {
  const jwt = token({ nbf: NOW });
  assert.equal(cost(jwt, "VALID"), 1);
  gate.now = (NOW - 31) * 1000;
  assert.equal(cost(jwt, "NOT_YET_VALID"), 0);
  gate.now = NOW * 1000;
  assert.equal(cost(jwt, "VALID"), 0);
});

test("a new policy does not know the tokens of the old one", () => {
  const jwt = token();
  assert.equal(cost(jwt, "VALID"), 1);
  const [main] = POLICY.issuers;
  assert.ok(main);
  gate.usePolicy({ ...POLICY, issuers: [{ ...main, audiences: ["others"] }] });
  assert.equal(cost(jwt, "AUDIENCE"), 1);
});

test("no refused token enters", () => {
  for (const jwt of [token({ aud: "x" }), token({ sub: 1 }), token({ iss: "x" }), "a.b.c", `${token()}A`]) {
    assert.notEqual(gate.judge(jwt), "VALID");
  }
  assert.equal(gate.cacheSize, 0);
  assert.equal(gate.cacheBytes, 0);
});

describe("bounds", () => {
  test("valid tokens in any number keep to 512 entries and 1 MiB", () => {
    for (let index = 0; index < 3000; index++) assert.equal(gate.judge(shared({ jti: index })), "VALID");
    assert.ok(gate.cacheSize <= MAX_ENTRIES && gate.cacheSize > MAX_ENTRIES / 2, `${gate.cacheSize} entries`);
    for (let index = 0; index < 1000; index++) {
      assert.equal(gate.judge(shared({ jti: index, pad: "x".repeat(4500) })), "VALID");
    }
    assert.ok(gate.cacheBytes <= MAX_BYTES && gate.cacheBytes > MAX_BYTES / 2, `${gate.cacheBytes} bytes`);
  });

  test("what is used stays while others pass", () => {
    const kept = token();
    assert.equal(cost(kept, "VALID"), 1);
    for (let index = 0; index < 3000; index++) {
      assert.equal(gate.judge(shared({ jti: index })), "VALID");
      if (index % 10 === 0) assert.equal(cost(kept, "VALID"), 0);
    }
  });

  test("expired tokens in any number evict no current one", () => {
    const current = Array.from({ length: 200 }, (_, index) => token({ jti: index }));
    for (const jwt of current) assert.equal(gate.judge(jwt), "VALID");
    const kept = current.filter((jwt) => cost(jwt, "VALID") === 0);
    assert.ok(kept.length > 150, `${kept.length} kept`);
    gate.usePolicy(POLICY);
    for (const jwt of kept) assert.equal(gate.judge(jwt), "VALID");
    for (let index = 0; index < 3000; index++)
      assert.equal(gate.judge(shared({ jti: index, exp: NOW - 60 })), "EXPIRED");
    for (const jwt of kept) assert.equal(cost(jwt, "VALID"), 0);
    assert.ok(gate.cacheSize <= MAX_ENTRIES);
  });

  test("what has expired makes room first, even if it was used last", () => {
    const lasting = token();
    assert.equal(cost(lasting, "VALID"), 1);
    const passing = tokensOfSet(setOf(lasting), WAYS - 1, { exp: NOW + 5 });
    for (const jwt of passing) assert.equal(gate.judge(jwt), "VALID");
    assert.equal(gate.cacheSize, WAYS);
    gate.now = (NOW + 6) * 1000;
    for (const jwt of tokensOfSet(setOf(lasting), WAYS - 1, {})) assert.equal(gate.judge(jwt), "VALID");
    assert.equal(gate.cacheSize, WAYS);
    assert.equal(cost(lasting, "VALID"), 0);
  });
});

/** The set of the cache that a token falls into: FNV-1a over its last 16 bytes. */
function setOf(jwt: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(jwt.slice(-16))) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return (hash ^ (hash >>> 16)) % SETS;
}

function tokensOfSet(set: number, count: number, claims: Record<string, unknown>): string[] {
  const tokens: string[] = [];
  for (let index = 0; tokens.length < count; index++) {
    const jwt = shared({ jti: index, ...claims });
    if (setOf(jwt) === set) tokens.push(jwt);
  }
  return tokens;
}
