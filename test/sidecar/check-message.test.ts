import assert from "node:assert/strict";
import { test } from "node:test";
import { toEvaluationRequest } from "../../inference-sidecar/src/ext-authz/check-message.ts";
import { loadCore } from "../../scripts/core.ts";
import { issueCertificate, KeyUsageFlags } from "../../scripts/demo/certificate.ts";

const core = await loadCore();
const web = "spiffe://edge.example/web";
const other = "spiffe://edge.example/other";

const authority = await issueCertificate({ name: "authority", alternativeNames: [], validDays: 2 }, null);

async function uriOf(
  alternativeNames: readonly string[],
  isAuthority = false,
  flags: number = isAuthority ? KeyUsageFlags.keyCertSign : 0,
): Promise<string | undefined> {
  const usage = { isAuthority, flags: KeyUsageFlags.digitalSignature | flags };
  const request = { name: "client", alternativeNames, validDays: 1, usage };
  const { certificatePem } = await issueCertificate(request, authority);
  const check = { attributes: { source: { certificate: encodeURIComponent(certificatePem) } } } as never;
  return toEvaluationRequest(check, core).peer?.uri;
}

test("all URI names of a certificate are told: one with several is of no workload (X509-SVID section 2)", async () => {
  assert.equal(await uriOf([web]), web);
  assert.equal(await uriOf([web, "web.shop.example"]), web);
  assert.equal(await uriOf([web, other]), `${web},${other}`);
  assert.equal(await uriOf([web, web]), `${web},${web}`);
});

test("an authority's certificate is of no workload (X509-SVID section 5.2)", async () => {
  assert.equal(await uriOf([web], true), "");
});

test("nor is one that may sign others, though it is no authority's", async () => {
  const { keyCertSign, cRLSign, keyAgreement, decipherOnly } = KeyUsageFlags;
  assert.equal(await uriOf([web], false, keyCertSign), "");
  assert.equal(await uriOf([web], false, cRLSign), "");
  assert.equal(await uriOf([web], false, keyAgreement | decipherOnly), web);
});

test("a name that holds what looks like another is not read as two", async () => {
  assert.equal(await uriOf([`x, URI:${web}`]), '""');
  assert.equal(await uriOf([]), "");
});

test("a certificate that has expired since its connection was made is none", async () => {
  const request = { name: "client", alternativeNames: [web], validDays: 1 };
  const { certificatePem } = await issueCertificate(request, authority);
  const check = { attributes: { source: { certificate: encodeURIComponent(certificatePem) } } } as never;
  const tomorrow = Date.now() + 86_400_000;
  assert.equal(toEvaluationRequest(check, core, tomorrow - 60_000).peer?.uri, web);
  assert.equal(toEvaluationRequest(check, core, tomorrow + 60_000).peer, undefined);
});
