import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { describeConfiguration } from "../../inference-sidecar/src/maturity/configuration.ts";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import { makePolicyFolder } from "../policy/policy-folder.ts";

let folder: string;
let remove: () => Promise<void>;
before(async () => {
  ({ folder, remove } = await makePolicyFolder());
});
after(() => remove());

const common = "audiences: [a], algorithms: [ES256], jwks: { file: ./jwks.json }";

/** Whether a route with these grants is said to ask for a key that its callers prove to have. */
async function isStrong(grants: string, { route = "", mesh = "" } = {}): Promise<boolean | undefined> {
  const text = `
version: 1
listener: { tls: { certificate: { file: ./server.pem }, key: { file: ./server.key } } }
identity:
  issuers:
    - { name: staff, issuer: i, ${common} }
    - { name: bound, issuer: j, senderConstrained: dpop, ${common} }
    - { name: mesh, trustDomain: mesh.demo, ${mesh} ${common} }
  workloads: { trustDomains: [edge.demo, mesh.demo], trustBundle: { file: ./server.pem } }
  apiKeys: { keys: [{ name: till, sha256: "${"1".repeat(64)}" }] }
routes:
  - { name: orders, match: { path: /orders }, ${route} allow: [${grants}] }
`;
  const { policy } = await parsePolicy(text, join(folder, "policy.yaml"));
  return describeConfiguration(policy, "").routes[0]?.strong;
}

const staff = "{ issuer: staff, scopes: [read] }";
const bound = "{ issuer: bound, scopes: [read] }";
const apiKey = "{ apiKeys: [till] }";
const edge = "{ workloads: [spiffe://edge.demo/*] }";
const meshed = "{ workloads: [spiffe://mesh.demo/till] }";
const staffOnMesh = "{ issuer: staff, workloads: [spiffe://mesh.demo/till] }";
const binds = { route: "senderConstrained: any," };

test("a route asks for a key where each of its grants does: a bound token, a workload's certificate", async () => {
  for (const grants of [bound, edge, `${bound}, ${edge}`, staffOnMesh])
    assert.equal(await isStrong(grants), true, grants);
  for (const grants of [staff, `${bound}, ${staff}`, apiKey]) assert.equal(await isStrong(grants), false, grants);
  assert.equal(await isStrong(`${staff}, ${edge}, ${meshed}`, binds), true);
});

test("a route that binds its tokens asks who comes with an API key for none", async () => {
  assert.equal(await isStrong(`${staff}, ${apiKey}`, binds), false);
});

test("a workload that may come by a token of its own alone proves no key, unless that is bound", async () => {
  assert.equal(await isStrong(meshed), false);
  assert.equal(await isStrong(meshed, { mesh: "senderConstrained: mtls," }), true);
});
