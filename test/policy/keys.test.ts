import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import { ALGORITHMS, type SignatureAlgorithm } from "../../inference-sidecar/src/policy/algorithms.ts";
import { readKeySet } from "../../inference-sidecar/src/policy/keys.ts";
import { ec, jwk, rsa } from "./policy-folder.ts";

const RSA = jwk(rsa.publicKey);
const EC = jwk(ec.publicKey);
const ED25519 = jwk(generateKeyPairSync("ed25519").publicKey);
const BOTH: SignatureAlgorithm[] = ["RS256", "ES256"];

function read(keys: unknown, algorithms = BOTH, svids = false) {
  const codes: string[] = [];
  const read = readKeySet({ keys }, { algorithms, svids }, (code, path) => codes.push(`${code} ${path.join(".")}`));
  return { keys: read, codes };
}

/** The point y = 1, whose order is 1; `sign`: 0x80 for the other sign of x. */
const smallOrder = (sign: number) => Buffer.from([1, ...Array(30).fill(0), sign]).toString("base64url");
const rsaOf = (modulusLength: number, publicExponent = 65537) =>
  jwk(generateKeyPairSync("rsa", { modulusLength, publicExponent }).publicKey);

test("keys become DER SubjectPublicKeyInfo, in order", () => {
  const { keys, codes } = read([{ ...RSA, kid: "r", alg: "RS256", use: "sig" }, EC]);
  assert.deepEqual(codes, []);
  assert.deepEqual(
    keys?.map(({ kid, algorithms }) => [kid, ...algorithms]),
    [
      ["r", "RS256"],
      ["", "ES256"],
    ],
  );
  for (const [index, pair] of [rsa, ec].entries()) {
    const key = createPublicKey({ key: Buffer.from(keys?.[index]?.spki ?? []), format: "der", type: "spki" });
    assert.ok(key.equals(pair.publicKey));
  }
});

test("each type of key serves the algorithms that are made with it, and no other", () => {
  const all: SignatureAlgorithm[] = [...ALGORITHMS];
  const curve = (namedCurve: string) => jwk(generateKeyPairSync("ec", { namedCurve }).publicKey);
  const { keys, codes } = read([RSA, EC, curve("P-384"), curve("P-521"), ED25519, { ...RSA, alg: "PS384" }], all);
  assert.deepEqual(codes, []);
  assert.deepEqual(
    keys?.map(({ algorithms }) => algorithms.join()),
    ["RS256,RS384,RS512,PS256,PS384,PS512", "ES256", "ES384", "ES512", "EdDSA", "PS384"],
  );
  assert.deepEqual(read([RSA], ["RS256", "PS256", "ES256"]).keys?.[0]?.algorithms, ["RS256", "PS256"]);
  assert.deepEqual(read([{ ...ED25519, alg: "Ed25519" }], ["EdDSA"]).keys?.[0]?.algorithms, ["EdDSA"]);
});

test("keys of different types may share a kid (RFC 7517 section 4.5), keys of one algorithm may not", () => {
  const shared = { kid: "k" };
  const { keys, codes } = read([
    { ...RSA, ...shared },
    { ...EC, ...shared },
  ]);
  assert.deepEqual(
    [keys?.map(({ kid, algorithms }) => [kid, ...algorithms]), codes],
    [
      [
        ["k", "RS256"],
        ["k", "ES256"],
      ],
      [],
    ],
  );
  const two = [
    { ...RSA, ...shared, alg: "RS256" },
    { ...RSA, ...shared },
  ];
  assert.deepEqual(read(two, ["RS256", "PS256"]).codes, ["key_id keys.1"]);
});

test("what is no key is refused where it stands", () => {
  for (const key of [1, "x", null, true]) assert.deepEqual(read([EC, key]).codes, ["key_set keys.1"]);
});

describe("keys for something else are left out", () => {
  const cases: [what: string, key: object, algorithms: SignatureAlgorithm[]][] = [
    ["encryption", { ...RSA, use: "enc" }, BOTH],
    ["operations", { ...RSA, key_ops: ["encrypt"] }, BOTH],
    ["an algorithm that is not listed", { ...RSA, alg: "PS256" }, BOTH],
    ["a type that no algorithm takes", RSA, ["ES256"]],
    ["a larger curve of another algorithm", { kty: "EC", crv: "P-384", alg: "ES384" }, BOTH],
  ];
  for (const [what, key, algorithms] of cases) {
    test(what, () => assert.deepEqual(read([key], algorithms), { keys: [], codes: [] }));
  }
});

test("keys of a SPIFFE bundle are for JWT-SVIDs and for nothing else", () => {
  const bundle = [
    { ...EC, kid: "j", use: "jwt-svid" },
    { ...RSA, kid: "x", use: "x509-svid" },
  ];
  assert.deepEqual(
    read(bundle, BOTH, true).keys?.map(({ kid }) => kid),
    ["j"],
  );
  assert.deepEqual(read(bundle), { keys: [], codes: [] });
});

describe("what is refused", () => {
  const cases: [code: string, what: string, keys: () => unknown][] = [
    ["key_set ", "no list", () => ({})],
    ["key_set ", "an empty list", () => []],
    ["key_set ", "65 keys", () => Array(65).fill(EC)],
    ["key_set keys.0", "null", () => [null]],
    ["key_private keys.1", "a private EC key", () => [RSA, jwk(ec.privateKey)]],
    ["key_private keys.0", "a private RSA key", () => [jwk(rsa.privateKey)]],
    ["key_private keys.0", "a shared secret", () => [{ kty: "oct", k: "c2VjcmV0" }]],
    ["key_private keys.0", "a private key for something else", () => [{ ...jwk(rsa.privateKey), use: "enc" }]],
    ["key_weak keys.0", "RSA of 1024 bits", () => [rsaOf(1024)]],
    ["key_type keys.0", "RSA with exponent 1", () => [{ ...RSA, e: "AQ" }]],
    ["key_type keys.0", "RSA with exponent 3", () => [rsaOf(2048, 3)]],
    ["key_type keys.0", "an even exponent", () => [{ ...RSA, e: "AQAA" }]],
    ["key_type keys.0", "a modulus that is text", () => [{ ...RSA, n: 5 }]],
    ["key_type keys.0", "RSA without exponent", () => [{ kty: "RSA", n: RSA.n }]],
    ["key_type keys.0", "another curve", () => [jwk(generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey)]],
    ["key_type keys.0", "a point that is not on the curve", () => [{ ...EC, y: EC.x }]],
    ["key_type keys.0", "an unknown type", () => [{ kty: "XYZ" }]],
    ["key_type keys.0", "an RSA key for ES256", () => [{ ...RSA, alg: "ES256" }]],
    ["key_weak keys.0", "an Ed25519 point of small order", () => [{ ...ED25519, x: smallOrder(0) }]],
    ["key_weak keys.0", "the same with the other sign", () => [{ ...ED25519, x: smallOrder(0x80) }]],
    ["key_type keys.0", "an Ed25519 key of 31 bytes", () => [{ ...ED25519, x: "A".repeat(42) }]],
    ["key_type keys.0", "another Edwards curve", () => [jwk(generateKeyPairSync("ed448").publicKey)]],
    ["key_id keys.0", "an empty kid", () => [{ ...EC, kid: "" }]],
    ["key_id keys.0", "a kid of 129 characters and 258 bytes", () => [{ ...EC, kid: "é".repeat(129) }]],
    ["key_id keys.0", "a kid that is a number", () => [{ ...EC, kid: 1 }]],
    [
      "key_id keys.1",
      "a kid twice",
      () => [
        { ...EC, kid: "a" },
        { ...EC, kid: "a" },
      ],
    ],
  ];
  for (const [code, what, keys] of cases) {
    test(what, () => assert.deepEqual(read(keys(), [...BOTH, "EdDSA"]), { keys: null, codes: [code] }));
  }
});
