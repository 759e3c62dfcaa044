import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import { Gate } from "./gate.ts";
import { CLAIMS, mint, NOW, POLICY, token } from "./keys.ts";

let gate: Gate;

before(async () => {
  gate = await Gate.start(POLICY);
});

const REGISTERED = ["iss", "sub", "aud", "exp", "nbf", "iat", "scope", "scp", "cnf", "jti"];
const HEADER_MEMBERS = ["alg", "kid", "typ", "cty", "crit", "b64", "jwk", "jku", "x5u", "x5c"];

const json = (names: string[]) =>
  fc
    .dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), fc.jsonValue(), { maxKeys: 10 })
    .map((o) => JSON.stringify(o));

test("an authorization header of any bytes neither traps nor is believed", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.uint8Array({ maxLength: 400 }).map((tail) => Buffer.concat([Buffer.from("Bearer "), tail])),
    fc
      .tuple(fc.uint8Array(), fc.uint8Array(), fc.uint8Array())
      .map((parts) => Buffer.from(`Bearer ${parts.map((part) => Buffer.from(part).toString("base64url")).join(".")}`)),
  );
  fc.assert(
    fc.property(bytes, (value) => {
      gate.now += 2;
      return gate.outcome([["authorization", value]]) !== "VALID";
    }),
    { numRuns: 5000 },
  );
});

test("a byte that no token has is found wherever it stands, and only such a byte", () => {
  const alphabet = /[A-Za-z0-9\-._~+/]/;
  for (let byte = 0; byte < 256; byte++) {
    for (const at of [0, 15, 16, 30, 39]) {
      const token = Buffer.alloc(40, "a");
      token[at] = byte;
      const isLast = at === 39 && byte === 0x3d;
      const looked = alphabet.test(String.fromCharCode(byte)) || isLast;
      assert.equal(gate.isToken68(token), looked, `${byte} at ${at}`);
    }
  }
});

test("any JSON in header and payload, well signed, gives an outcome, and an identity only with VALID", () => {
  fc.assert(
    fc.property(json(HEADER_MEMBERS), json(REGISTERED), fc.boolean(), (header, payload, complete) => {
      const claims = complete ? { ...JSON.parse(payload), iss: CLAIMS.iss, aud: "orders", exp: NOW + 1e6 } : payload;
      const jose = complete ? { ...JSON.parse(header), alg: "ES256" } : header;
      const identity = gate.authenticate([["authorization", `Bearer ${mint(jose, claims, "ES256")}`]]);
      assert.equal(identity.issuer === "main", identity.outcome === "VALID");
      assert.equal(identity.claims !== "", identity.outcome === "VALID");
    }),
    { numRuns: 3000 },
  );
});

test("a changed byte in decoded header or payload never traps", () => {
  const [header = "", payload = ""] = token({ scope: "a b", scp: ["c"], nbf: 1.5 }).split(".");
  const parts = [header, payload].map((part) => Buffer.from(part, "base64url")) as [Buffer, Buffer];
  for (const [index, part] of parts.entries()) {
    for (let at = 0; at < part.length; at++) {
      for (const byte of [0x00, 0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d, 0x2c, 0x3a, 0x75, 0x80, 0xff]) {
        const changed = Buffer.from(part);
        changed[at] = byte;
        const header = index === 0 ? changed : parts[0];
        const payload = index === 1 ? changed : parts[1];
        assert.equal(typeof gate.judge(mint(header, payload)), "string");
        gate.headerOutcome(changed.subarray(0, at));
        gate.claimsAreWellFormed(changed.subarray(0, at));
      }
    }
  }
});
