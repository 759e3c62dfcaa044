import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { before, test } from "node:test";
import fc from "fast-check";
import { issueCertificate, KeyUsageFlags } from "../../../scripts/demo/certificate.ts";
import { compileEntry } from "../../harness/compile-entry.ts";

interface Exports extends Record<string, unknown> {
  Uint8Array_ID: { valueOf(): number };
  maySign(certificate: number): number;
}

let maySign: (certificate: Uint8Array) => boolean;
before(async () => {
  const { exports } = await compileEntry<Exports>("test/filter/entries/certificate-entry.ts");
  maySign = (certificate) => {
    const pointer = exports.__newArray(exports.Uint8Array_ID.valueOf(), certificate);
    const found = exports.maySign(pointer) === 1;
    exports.__collect();
    return found;
  };
});

const authority = await issueCertificate({ name: "authority", alternativeNames: [], validDays: 1 }, null);
const request = { name: "client", alternativeNames: ["spiffe://edge.example/web"], validDays: 1 };
const der = ({ certificatePem }: { certificatePem: string }) => new X509Certificate(certificatePem).raw;
const leaf = der(await issueCertificate(request, authority));

test("an authority may sign, and whose key may; a leaf may not", async () => {
  const { digitalSignature, keyCertSign, cRLSign, keyAgreement, decipherOnly } = KeyUsageFlags;
  assert.equal(maySign(der(authority)), true);
  assert.equal(maySign(leaf), false);
  for (const [isAuthority, flags, signs] of [
    [true, digitalSignature, true],
    [false, digitalSignature | keyCertSign, true],
    [false, digitalSignature | cRLSign, true],
    [false, digitalSignature | keyAgreement, false],
    [false, keyAgreement | decipherOnly, false],
  ] as const) {
    const certificate = await issueCertificate({ ...request, usage: { isAuthority, flags } }, authority);
    assert.equal(maySign(der(certificate)), signs, `${isAuthority} ${flags}`);
  }
});

test("what is no certificate, or only the beginning of one, may for all that is known", () => {
  for (let length = 0; length < leaf.length - 100; length++) assert.equal(maySign(leaf.subarray(0, length)), true);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => maySign(bytes)),
    { numRuns: 2000 },
  );
});

test("bytes changed anywhere trap nothing", () => {
  fc.assert(
    fc.property(fc.nat(leaf.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bytes = Buffer.from(leaf);
      bytes[at] = (bytes[at] ?? 0) ^ change;
      maySign(bytes);
    }),
    { numRuns: 2000 },
  );
});
