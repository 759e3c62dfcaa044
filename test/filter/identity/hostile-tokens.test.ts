import assert from "node:assert/strict";
import { before, beforeEach, describe, test } from "node:test";
import { Gate } from "./gate.ts";
import { CLAIMS, ISSUER, mint, NOW, POLICY, token } from "./keys.ts";

let gate: Gate;

before(async () => {
  gate = await Gate.start(POLICY);
});

beforeEach(() => {
  gate.usePolicy(POLICY);
  gate.now = NOW * 1000;
});

const HEADER = '"alg":"RS256","kid":"rsa-1"';
const PAYLOAD = `"iss":"${ISSUER}","aud":"orders","exp":${NOW + 300}`;

describe("headers", () => {
  const cases: [string, string | Uint8Array, string][] = [
    ["none", '{"alg":"none"}', "ALGORITHM"],
    ["None", '{"alg":"None"}', "ALGORITHM"],
    ["NONE", '{"alg":"NONE"}', "ALGORITHM"],
    ["nOnE with a space", '{"alg":"none "}', "ALGORITHM"],
    ["none, escaped", '{"alg":"\\u006eone"}', "ALGORITHM"],
    ["lower case", '{"alg":"rs256"}', "ALGORITHM"],
    ["RS384", '{"alg":"RS384"}', "ALGORITHM"],
    ["PS256", '{"alg":"PS256"}', "ALGORITHM"],
    ["empty alg", '{"alg":""}', "ALGORITHM"],
    ["no alg", '{"kid":"rsa-1"}', "MALFORMED"],
    ["alg a number", '{"alg":256}', "MALFORMED"],
    ["alg an array", '{"alg":["RS256"]}', "MALFORMED"],
    ["kid a number", '{"alg":"RS256","kid":1}', "MALFORMED"],
    ["kid null", '{"alg":"RS256","kid":null}', "MALFORMED"],
    ["jwk", `{${HEADER},"jwk":{"kty":"oct","k":"AA"}}`, "EMBEDDED_KEY"],
    ["jwk null", `{${HEADER},"jwk":null}`, "EMBEDDED_KEY"],
    ["jku", `{${HEADER},"jku":"https://elsewhere.test/k"}`, "EMBEDDED_KEY"],
    ["x5u", `{${HEADER},"x5u":"https://elsewhere.test/k"}`, "EMBEDDED_KEY"],
    ["x5c", `{${HEADER},"x5c":["MII"]}`, "EMBEDDED_KEY"],
    ["jwk, escaped", `{${HEADER},"\\u006awk":{}}`, "EMBEDDED_KEY"],
    ["jwk with alg none", '{"alg":"none","jwk":{}}', "EMBEDDED_KEY"],
    ["crit", `{${HEADER},"crit":["exp"],"exp":1}`, "CRITICAL"],
    ["crit empty", `{${HEADER},"crit":[]}`, "CRITICAL"],
    ["b64 false", `{${HEADER},"b64":false}`, "CRITICAL"],
    ["b64 true", `{${HEADER},"b64":true}`, "CRITICAL"],
    ["zip", `{${HEADER},"zip":"DEF"}`, "CRITICAL"],
    ["alg twice", `{"alg":"none",${HEADER}}`, "MALFORMED"],
    ["alg twice, one escaped", `{${HEADER},"\\u0061lg":"none"}`, "MALFORMED"],
    ["kid twice, the same", `{${HEADER},"kid":"rsa-1"}`, "MALFORMED"],
    ["an unknown member twice", `{${HEADER},"x":1,"x":1}`, "MALFORMED"],
    ["unknown members", `{${HEADER},"x":{"alg":"none"},"x5t":"AA"}`, "VALID"],
    ["alg in another case besides", `{${HEADER},"Alg":"none"}`, "VALID"],
    ["nested token", `{${HEADER},"cty":"JWT"}`, "MALFORMED"],
    ["nested token, as a media type", `{${HEADER},"cty":"application/jwt"}`, "MALFORMED"],
    ["cty a number", `{${HEADER},"cty":1}`, "MALFORMED"],
    ["claims of some kind", `{${HEADER},"cty":"json"}`, "VALID"],
    ["typ JWT", `{${HEADER},"typ":"JWT"}`, "VALID"],
    ["typ at+jwt", `{${HEADER},"typ":"application/at+JWT"}`, "VALID"],
    ["typ of a logout token", `{${HEADER},"typ":"logout+jwt"}`, "MALFORMED"],
    ["typ a number", `{${HEADER},"typ":1}`, "MALFORMED"],
    ["an array", `[${HEADER.replaceAll(":", ",")}]`, "MALFORMED"],
    ["not JSON", `{${HEADER},}`, "MALFORMED"],
    ["more behind", `{${HEADER}}{}`, "MALFORMED"],
    ["white space around", ` {${HEADER}}\n`, "VALID"],
    ["a byte order mark", `\ufeff{${HEADER}}`, "MALFORMED"],
    [
      "invalid UTF-8",
      Buffer.concat([Buffer.from(`{${HEADER},"x":"`), Buffer.of(0xc0, 0xaf), Buffer.from('"}')]),
      "MALFORMED",
    ],
    ["deep nesting", `{${HEADER},"x":${"[".repeat(64)}${"]".repeat(64)}}`, "MALFORMED"],
    ["300 members", `{${HEADER},${Array.from({ length: 300 }, (_, i) => `"m${i}":0`).join()}}`, "MALFORMED"],
  ];
  for (const [name, header, outcome] of cases) {
    test(name, () => assert.equal(gate.judge(mint(header, CLAIMS)), outcome));
  }
});

describe("payloads, with good signatures", () => {
  const cases: [string, string | Uint8Array, string][] = [
    ["as it should be", `{${PAYLOAD}}`, "VALID"],
    ["iss twice", `{${PAYLOAD},"iss":"https://elsewhere.test"}`, "MALFORMED"],
    ["iss twice, one escaped", `{${PAYLOAD},"\\u0069ss":"https://elsewhere.test"}`, "MALFORMED"],
    ["iss twice, the same", `{${PAYLOAD},"iss":"${ISSUER}"}`, "MALFORMED"],
    ["exp twice", `{${PAYLOAD},"exp":99999999999}`, "MALFORMED"],
    ["a claim twice", `{${PAYLOAD},"role":"user","r\\u006fle":"admin"}`, "MALFORMED"],
    [
      "iss escaped, once",
      `{"\\u0069ss":"${ISSUER.replaceAll("/", "\\/")}","aud":"orders","exp":${NOW + 300}}`,
      "VALID",
    ],
    ["no iss", `{"aud":"orders","exp":${NOW + 300}}`, "MALFORMED"],
    ["iss a number", `{"iss":1,"aud":"orders","exp":${NOW + 300}}`, "MALFORMED"],
    ["iss only nested", `{"a":{"iss":"${ISSUER}"},"aud":"orders","exp":${NOW + 300}}`, "MALFORMED"],
    ["iss with a slash behind", `{"iss":"${ISSUER}/","aud":"orders","exp":${NOW + 300}}`, "ISSUER"],
    ["iss with a NUL behind", `{"iss":"${ISSUER}\\u0000","aud":"orders","exp":${NOW + 300}}`, "ISSUER"],
    ["no exp", `{"iss":"${ISSUER}","aud":"orders"}`, "MALFORMED"],
    ...(
      [
        ["a string", `"${NOW + 300}"`],
        ["null", "null"],
        ["true", "true"],
        ["an array", `[${NOW + 300}]`],
        ["negative", "-1"],
        ["negative, with an exponent", "-18e8"],
        ["with an exponent without digits", "18e"],
        ["with a huge exponent", "1e999999999"],
        ["in milliseconds", `${NOW + 300}000`],
        ["of 400 digits", "9".repeat(400)],
        ["2^63", "9223372036854775808"],
        ["hexadecimal", "0x7fffffff"],
        ["with a leading zero", `0${NOW + 300}`],
        ["with a plus", `+${NOW + 300}`],
        ["without digits behind the point", `${NOW + 300}.`],
        ["NaN", "NaN"],
      ] as const
    ).map(([name, exp]): [string, string, string] => [
      `exp ${name}`,
      `{"iss":"${ISSUER}","aud":"orders","exp":${exp}}`,
      "MALFORMED",
    ]),
    ["exp with 300 decimals", `{"iss":"${ISSUER}","aud":"orders","exp":${NOW + 300}.${"5".repeat(300)}}`, "VALID"],
    ["exp with an exponent", `{"iss":"${ISSUER}","aud":"orders","exp":18.000003E+8}`, "VALID"],
    ["exp with a negative one", `{"iss":"${ISSUER}","aud":"orders","exp":${NOW + 300}000e-3}`, "VALID"],
    ["exp of 1800, with an exponent", `{"iss":"${ISSUER}","aud":"orders","exp":18e2}`, "EXPIRED"],
    ["exp in the last second of 9999", `{"iss":"${ISSUER}","aud":"orders","exp":253402300799}`, "VALID"],
    ["exp at the bound", `{"iss":"${ISSUER}","aud":"orders","exp":999999999999}`, "VALID"],
    ["exp above the bound", `{"iss":"${ISSUER}","aud":"orders","exp":1000000000000}`, "MALFORMED"],
    ["nbf null", `{${PAYLOAD},"nbf":null}`, "MALFORMED"],
    ["jti true, which no list could revoke", `{${PAYLOAD},"jti":true}`, "MALFORMED"],
    ["jti a number", `{${PAYLOAD},"jti":7}`, "VALID"],
    ["jti null", `{${PAYLOAD},"jti":null}`, "MALFORMED"],
    ["jti of two", `{${PAYLOAD},"jti":["a","b"]}`, "MALFORMED"],
    ["iat a string", `{${PAYLOAD},"iat":"0"}`, "MALFORMED"],
    ["sub a number", `{${PAYLOAD},"sub":7}`, "MALFORMED"],
    ["sub that would end a header", `{${PAYLOAD},"sub":"a\\r\\nx-admin: 1"}`, "MALFORMED"],
    ["sub with a NUL", `{${PAYLOAD},"sub":"a\\u0000"}`, "MALFORMED"],
    ["sub with half a surrogate pair", `{${PAYLOAD},"sub":"\\ud83d"}`, "MALFORMED"],
    ["sub with a whole one", `{${PAYLOAD},"sub":"\\ud83d\\ude00"}`, "VALID"],
    ["scope a number", `{${PAYLOAD},"scope":1}`, "MALFORMED"],
    ["a nested token for payload", token(), "MALFORMED"],
    ["a string", '"x"', "MALFORMED"],
    ["not JSON", `{${PAYLOAD}`, "MALFORMED"],
    ["more behind", `{${PAYLOAD}}x`, "MALFORMED"],
    ["a comment", `{${PAYLOAD}/* */}`, "MALFORMED"],
    ["deep nesting", `{${PAYLOAD},"x":${"[".repeat(1000)}${"]".repeat(1000)}}`, "MALFORMED"],
    ["nesting in bounds", `{${PAYLOAD},"x":${"[".repeat(63)}${"]".repeat(63)}}`, "VALID"],
    [
      "invalid UTF-8",
      Buffer.concat([Buffer.from(`{${PAYLOAD},"x":"`), Buffer.of(0xed, 0xa0, 0x80), Buffer.from('"}')]),
      "MALFORMED",
    ],
  ];
  for (const [name, payload, outcome] of cases) {
    test(name, () => assert.equal(gate.judge(mint({ alg: "RS256", kid: "rsa-1" }, payload)), outcome));
  }
});

describe("forms", () => {
  const good = token();
  const [header = "", payload = "", signature = ""] = good.split(".");

  const cases: [string, string, string][] = [
    ["two parts", `${header}.${payload}`, "MALFORMED"],
    ["no signature", `${header}.${payload}.`, "MALFORMED"],
    ["unsecured", `${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.`, "ALGORITHM"],
    ["four parts", `${good}.x`, "MALFORMED"],
    ["five parts, as an encrypted token", "e30.e30.e30.e30.e30", "MALFORMED"],
    ["empty header", `.${payload}.${signature}`, "MALFORMED"],
    ["empty payload", `${header}..${signature}`, "MALFORMED"],
    ["only dots", "..", "MALFORMED"],
    ["header padded", `${header}=.${payload}.${signature}`, "MALFORMED"],
    ["signature padded", `${good}==`, "MALFORMED"],
    ["standard alphabet", `${header}.${payload}.${signature.replace(/.{4}/, "ab+/")}`, "MALFORMED"],
    ["a tilde", `${header}.${payload}.~${signature}`, "MALFORMED"],
    ["parts swapped", `${payload}.${header}.${signature}`, "MALFORMED"],
  ];
  for (const [name, jwt, outcome] of cases) {
    test(name, () => assert.equal(gate.judge(jwt), outcome));
  }

  test("no flipped bit anywhere leaves it valid", () => {
    assert.equal(gate.judge(good), "VALID");
    for (let at = 0; at < good.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const bytes = Buffer.from(good);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
        gate.now += 2;
        const value = Buffer.concat([Buffer.from("Bearer "), bytes]);
        assert.notEqual(gate.outcome([["authorization", value]]), "VALID", `bit ${bit} of byte ${at}`);
      }
    }
    assert.equal(gate.judge(good), "VALID");
  });

  test("no shortened or lengthened token is valid", () => {
    for (let length = 0; length < good.length; length++) {
      gate.now += 2;
      assert.notEqual(gate.judge(good.slice(0, length)), "VALID");
    }
    for (const tail of ["A", "AAAA", "=", ".", "\0", "%00"]) assert.notEqual(gate.judge(good + tail), "VALID");
  });

  test("unused bits of the last character are no second name for a token", () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const last = alphabet.indexOf(good.slice(-1));
    // 256 bytes end in a character of which 4 bits are unused.
    for (let unused = 1; unused < 16; unused++) {
      assert.equal(gate.judge(good.slice(0, -1) + alphabet[last + unused]), "MALFORMED");
    }
  });
});
