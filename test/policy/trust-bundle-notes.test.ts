import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import { issueCertificate } from "../../scripts/demo/certificate.ts";
import { uriConstraints } from "../harness/name-constraints.ts";
import { makePolicyFolder } from "./policy-folder.ts";

let folder: string;
let remove: () => Promise<void>;
before(async () => {
  ({ folder, remove } = await makePolicyFolder());
});
after(() => remove());

const authority = (name: string, ...hosts: string[]) => {
  const extensions = hosts.length > 0 ? [uriConstraints(...hosts)] : [];
  return issueCertificate({ name, alternativeNames: [], validDays: 1, extensions }, null);
};

async function notes(trustDomains: string, ...authorities: Promise<{ certificatePem: string }>[]): Promise<string[]> {
  const bundle = (await Promise.all(authorities)).map(({ certificatePem }) => certificatePem).join("");
  await writeFile(join(folder, "bundle.pem"), bundle);
  const text = `version: 1
listener: { tls: { certificate: { file: ./server.pem }, key: { file: ./server.key } } }
identity:
  workloads: { trustDomains: [${trustDomains}], trustBundle: { file: ./bundle.pem } }
routes: [{ name: a, owner: shop, match: { path: /a }, public: true }]`;
  const loaded = await parsePolicy(text, join(folder, "policy.yaml"));
  return loaded.notes().map(({ line, code, message }) => `${line} ${code} ${message.replace(/: its .*/, "")}`);
}

test("an authority that nothing holds to one of several trust domains is named", async () => {
  const [a, b, both, below, free] = [
    authority("A", "a.example"),
    authority("B", "B.example"),
    authority("both", "a.example", "b.example"),
    authority("below", ".b.example"),
    authority("free"),
  ];
  const speaks = (name: string, domains: string) =>
    `4 authority_of_many the authority CN=${name} can speak for ${domains}`;
  assert.deepEqual(await notes("a.example", free), []);
  assert.deepEqual(await notes("a.example, b.example", a, b, below), []);
  assert.deepEqual(await notes("a.example, b.example, c.example", a, both, free), [
    speaks("both", "a.example, b.example"),
    speaks("free", "a.example, b.example, c.example"),
  ]);
  assert.deepEqual(await notes("b.example, x.b.example, y.b.example", below), [
    speaks("below", "x.b.example, y.b.example"),
  ]);
});
