import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import type { HeaderPair } from "../header-pairs.ts";
import { Gate } from "./gate.ts";
import { POLICY } from "./keys.ts";

const XFCC = "x-forwarded-client-cert";
const INGRESS = "spiffe://edge.test/ns/edge/sa/ingress";
const WEB = "spiffe://edge.test/ns/shop/sa/web";

let gate: Gate;

before(async () => {
  gate = await Gate.start(POLICY);
});

const workload = (uri?: string, ...forwarded: (string | Uint8Array)[]) =>
  gate.authenticate(
    forwarded.map((value): HeaderPair => [XFCC, value]),
    uri,
  ).workload;

describe("SPIFFE ids of the peer", () => {
  const longDomain = "a".repeat(256);
  const cases: [string, string | undefined, boolean][] = [
    ["a workload of a trust domain of the policy", WEB, true],
    ["of the second one", "spiffe://mesh.test/x", true],
    ["every character that a path may have", "spiffe://edge.test/aZ0/._-/...", true],
    ["no certificate", undefined, false],
    ["no URI", "", false],
    ["a foreign trust domain", "spiffe://other.test/ns/shop/sa/web", false],
    ["a subdomain of ours", "spiffe://a.edge.test/x", false],
    ["ours as a beginning", "spiffe://edge.test.other/x", false],
    ["ours as user information", "spiffe://edge.test@other.test/x", false],
    ["ours with a port", "spiffe://edge.test:443/x", false],
    ["ours in upper case", "spiffe://EDGE.test/x", false],
    ["the scheme in upper case", "SPIFFE://edge.test/x", false],
    ["another scheme", "https://edge.test/x", false],
    ["no path", "spiffe://edge.test", false],
    ["an empty path", "spiffe://edge.test/", false],
    ["an empty segment", "spiffe://edge.test/a//b", false],
    ["a slash behind", "spiffe://edge.test/a/", false],
    ["a dot segment", "spiffe://edge.test/a/../b", false],
    ["one dot", "spiffe://edge.test/./b", false],
    ["percent encoding", "spiffe://edge.test/a%2fb", false],
    ["a query", "spiffe://edge.test/a?b", false],
    ["a fragment", "spiffe://edge.test/a#b", false],
    ["a NUL", "spiffe://edge.test/a\0", false],
    ["not ASCII", "spiffe://edge.test/é", false],
    ["no trust domain", "spiffe:///a", false],
    ["a trust domain above 255 bytes", `spiffe://${longDomain}/a`, false],
    ["2,048 bytes", `spiffe://edge.test/${"a".repeat(2048 - 19)}`, true],
    ["2,049 bytes", `spiffe://edge.test/${"a".repeat(2049 - 19)}`, false],
  ];
  for (const [name, uri, accepted] of cases) {
    test(name, () => assert.equal(workload(uri), accepted ? uri : ""));
  }

  test("a trust domain of 255 bytes is one, if the policy names it", () => {
    const domain = "a".repeat(255);
    gate.usePolicy({ ...POLICY, workloads: { ...POLICY.workloads, trustDomains: [domain] } });
    assert.equal(workload(`spiffe://${domain}/a`), `spiffe://${domain}/a`);
    gate.usePolicy(POLICY);
  });
});

describe("XFCC from a peer whose word counts", () => {
  const cases: [string, string, string][] = [
    ["one element", `By=${INGRESS};Hash=ab12;URI=${WEB}`, WEB],
    ["quoted subject with separators", `Hash=ab;Subject="CN=a,URI=${INGRESS};O=\\"x\\"";URI=${WEB}`, WEB],
    ["quoted URI", `URI="${WEB}"`, WEB],
    ["key in another case", `uri=${WEB}`, WEB],
    ["only the last element counts", `URI=${INGRESS},Hash=1;URI=${WEB}`, WEB],
    ["no URI in the last element", `URI=${WEB},Hash=1`, ""],
    ["two URIs in the last element", `URI=${WEB};URI=${WEB}`, ""],
    ["an empty URI", "Hash=1;URI=", ""],
    ["a foreign trust domain", "URI=spiffe://other.test/x", ""],
    ["no SPIFFE id", "URI=https://edge.test/x", ""],
    ["By is not URI", `By=${WEB}`, ""],
    ["empty", "", ""],
    ["no key", WEB, ""],
    ["an empty element at the end", `URI=${WEB},`, ""],
    ["an empty pair at the end", `URI=${WEB};`, ""],
    ["a quote that does not end", `Subject="a;URI=${WEB}`, ""],
    ["a quote that ends with its escape", `URI=${WEB};Subject="a\\"`, ""],
    ["a backslash at the end", `URI=${WEB};Subject="a\\`, ""],
    ["text behind a quote", `URI="${WEB}"x`, ""],
    ["a quote inside a value", `URI=${WEB}"x"`, ""],
    ["an escape in the URI", `URI="${WEB.replace("web", "w\\eb")}"`, ""],
    ["malformed before the last element", `"x,URI=${WEB}`, ""],
    ["a space after the comma", `Hash=1, URI=${WEB}`, ""],
  ];
  for (const [name, value, expected] of cases) {
    test(name, () => assert.equal(workload(INGRESS, value), expected));
  }

  test("without the header the peer speaks for itself", () => assert.equal(workload(INGRESS), INGRESS));

  test("two headers leave no workload", () => assert.equal(workload(INGRESS, `URI=${WEB}`, `URI=${WEB}`), ""));
});

test("XFCC from anybody else is not looked at", () => {
  assert.equal(workload(WEB, `URI=${INGRESS}`), WEB);
  assert.equal(workload("spiffe://other.test/ns/edge/sa/ingress", `URI=${WEB}`), "");
  assert.equal(workload(undefined, `URI=${WEB}`), "");
});

test("XFCC of any bytes gives an accepted id or none", () => {
  const piece = fc.constantFrom(
    "URI=",
    "uri=",
    "By=",
    "Hash=1",
    ";",
    ",",
    '"',
    "\\",
    "=",
    WEB,
    INGRESS,
    "spiffe://x/y",
    " ",
  );
  const value = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.array(piece, { maxLength: 12 }).map((p) => Buffer.from(p.join(""))),
  );
  fc.assert(
    fc.property(value, (bytes) => ["", WEB, INGRESS].includes(workload(INGRESS, bytes))),
    { numRuns: 3000 },
  );
});
