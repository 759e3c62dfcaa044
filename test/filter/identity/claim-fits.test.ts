import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import { Gate } from "./gate.ts";
import { CLAIMS, mint, NOW, POLICY } from "./keys.ts";

const STRING = 0;
const NUMBER = 1;
const BOOLEAN = 2;
const PREFIX = 3;
const AT_LEAST = 4;
const ABOVE = 5;
const AT_MOST = 6;
const BELOW = 7;

let gate: Gate;

before(async () => {
  gate = await Gate.start(POLICY);
});

/** A verified subject with these members, given as JSON, besides the required claims. */
function identify(members: string): void {
  const payload = `${JSON.stringify(CLAIMS).slice(0, -1)},${members}}`;
  assert.equal(gate.judge(mint({ alg: "ES256", kid: "ec-1" }, payload, "ES256")), "VALID");
}

describe("one claim against one value of the policy", () => {
  const cases: [string, string, number, string, boolean][] = [
    ["the same string", '"role":"admin"', STRING, "admin", true],
    ["another string", '"role":"admins"', STRING, "admin", false],
    ["another case", '"role":"Admin"', STRING, "admin", false],
    ["escapes in the value", '"role":"\\u0061dm\\u0069n"', STRING, "admin", true],
    ["escapes in the name", '"r\\u006fle":"admin"', STRING, "admin", true],
    ["an array with it", '"role":["user","admin"]', STRING, "admin", true],
    ["an array without it", '"role":["user"]', STRING, "admin", false],
    ["an empty array", '"role":[]', STRING, "admin", false],
    ["only in a nested array", '"role":[["admin"]]', STRING, "admin", false],
    ["only in a nested object", '"role":[{"role":"admin"}]', STRING, "admin", false],
    ["after nested values", '"role":[["x"],{"y":[1]},"admin"]', STRING, "admin", true],
    ["an object", '"role":{"role":"admin"}', STRING, "admin", false],
    ["only below another claim", '"x":{"role":"admin"}', STRING, "admin", false],
    ["below an array of another claim", '"x":["role","admin"]', STRING, "admin", false],
    ["the name as a value", '"x":"role","y":"admin"', STRING, "admin", false],
    ["after other claims", '"x":{"y":[{}]},"role":"admin"', STRING, "admin", true],
    ["a number is no string", '"role":1', STRING, "1", false],
    ["a string is no number", '"role":"1"', NUMBER, "1", false],
    ["the same number", '"role":42', NUMBER, "42", true],
    ["the same value", '"role":4.20e1', NUMBER, "42", true],
    ["a negative zero", '"role":-0.0', NUMBER, "0", true],
    ["the other sign", '"role":-42', NUMBER, "42", false],
    ["beyond doubles", '"role":9007199254740993', NUMBER, "9007199254740992", false],
    ["a huge exponent", '"role":1e9999999999', NUMBER, "1", false],
    ["a huge exponent above a bound", '"role":1e9999999999', ABOVE, "100", true],
    ["a huge exponent below a bound", '"role":-1e9999999999', BELOW, "-100", true],
    ["a tiny number below a bound", '"role":1e-9999999999', BELOW, "1", true],
    ["an exponent with zeros before it", '"role":5e00000000001', NUMBER, "50", true],
    ["in an array", '"role":[1,2.0]', NUMBER, "2", true],
    ["true", '"role":true', BOOLEAN, "true", true],
    ["false for true", '"role":false', BOOLEAN, "true", false],
    ["false", '"role":false', BOOLEAN, "false", true],
    ["true as a string", '"role":"true"', BOOLEAN, "true", false],
    ["true for a string", '"role":true', STRING, "true", false],
    ["null", '"role":null', STRING, "null", false],
    ["an unknown kind", '"role":true', 8, "true", false],
    ["a beginning", '"role":"admin"', PREFIX, "adm", true],
    ["a beginning written with escapes", '"role":"\\u0061dmin"', PREFIX, "adm", true],
    ["a beginning that is longer", '"role":"ad"', PREFIX, "adm", false],
    ["a beginning within an array", '"role":["x","admin"]', PREFIX, "adm", true],
    ["a number has no beginning", '"role":12', PREFIX, "1", false],
    ["at least, the same", '"role":3.0', AT_LEAST, "3", true],
    ["at least, less", '"role":2.99', AT_LEAST, "3", false],
    ["above, the same", '"role":3', ABOVE, "3", false],
    ["above, more digits", '"role":10', ABOVE, "9", true],
    ["at most, the same", '"role":3e0', AT_MOST, "3", true],
    ["at most, of two negatives the smaller", '"role":-4', AT_MOST, "-3", true],
    ["at most, of two negatives the larger", '"role":-2', AT_MOST, "-3", false],
    ["below, zero and a negative", '"role":-0.1', BELOW, "0", true],
    ["below, beyond doubles", '"role":9007199254740992', BELOW, "9007199254740993", true],
    ["a bound of a string", '"role":"5"', AT_LEAST, "3", false],
    ["a bound of an array", '"role":[5]', AT_LEAST, "3", false],
  ];
  for (const [name, members, kind, text, matches] of cases) {
    test(name, () => {
      identify(members);
      assert.equal(gate.claimFits("role", kind, text), matches);
    });
  }
});

test("without a verified token no claim equals anything", () => {
  gate.authenticate([]);
  assert.equal(gate.claimFits("aud", STRING, "orders"), false);
  gate.judge(mint({ alg: "ES256" }, { ...CLAIMS, role: "admin", exp: NOW - 60 }, "ES256"));
  assert.equal(gate.claimFits("role", STRING, "admin"), false);
});

test("any claim equals itself, as JSON.parse reads it", () => {
  const name = fc
    .string({ unit: "grapheme", minLength: 1 })
    .filter((text) => !(text in CLAIMS) && !["nbf", "iat", "scope", "scp", "cnf", "jti"].includes(text));
  const scalar = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
  );
  const wanted = (value: string | number | boolean): [number, string] =>
    typeof value === "string"
      ? [STRING, value]
      : typeof value === "number"
        ? [NUMBER, JSON.stringify(value)]
        : [BOOLEAN, String(value)];
  fc.assert(
    fc.property(name, scalar, fc.boolean(), (member, value, inArray) => {
      identify(JSON.stringify({ [member]: inArray ? [null, {}, value] : value }).slice(1, -1));
      return gate.claimFits(member, ...wanted(value)) && !gate.claimFits(`${member}x`, ...wanted(value));
    }),
    { numRuns: 500 },
  );
});
