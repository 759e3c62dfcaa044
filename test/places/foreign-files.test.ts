import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { parse } from "yaml";
import { routesHoldingBodies } from "../../envoy/render/holding.ts";
import { waypoint } from "../../envoy/render/istio/variants.ts";
import { envoyProxy } from "../../envoy/render/kubernetes/envoy-gateway.ts";
import { meshSidecar } from "../../envoy/render/mesh-sidecar.ts";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import { flattenPolicy } from "../../scripts/render/policy-files.ts";

const certificate = "-----BEGIN CERTIFICATE-----\n";
const both = `${certificate}-----BEGIN PRIVATE KEY-----\n`;
let folder = "";

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "files-"));
});
after(() => rm(folder, { recursive: true, force: true }));

async function flattened(policy: string, files: Readonly<Record<string, string>>) {
  for (const [name, content] of Object.entries({ "policy.yaml": policy, ...files })) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return flattenPolicy(join(folder, "policy.yaml"));
}

for (const [name, tls] of [
  ["named twice by an alias", "{ certificate: &both { file: ./tls/both.pem }, key: *both }"],
  ["with another key beside it", "{ certificate: { file: ./tls/both.pem }, key: { file: ./tls/server.key } }"],
] as const) {
  test(`a certificate with its private key in one file is copied nowhere: ${name}`, async () => {
    const files = { "tls/both.pem": both, "tls/server.key": both };
    const { text, publicFiles, secretFiles } = await flattened(`version: 1\nlistener: { tls: ${tls} }\n`, files);
    assert.deepEqual(publicFiles, {});
    assert.equal(secretFiles["both.pem"], join(folder, "tls", "both.pem"));
    assert.equal(parse(text).listener.tls.certificate.file, "./both.pem");
  });
}

test("only what the policy reads as a file is one: a claim or a header of that name stays as it is", async () => {
  const policy = `
version: 1
listener: { tls: { certificate: { file: ./a/server.pem }, key: { file: ./b/server.pem } } }
identity:
  headers: { claims: { file: x-file } }
  issuers: [{ name: shop, jwks: { file: ./keys/jwks.json }, secret: { file: ./keys/secret } }]
routes: [{ name: all, deny: [{ issuer: shop, claims: { file: report } }] }]
revocation: { file: ./lists/revoked.json }
`;
  const keys = { "keys/jwks.json": "{}", "keys/secret": "s", "lists/revoked.json": "[]" };
  const found = await flattened(policy, { "a/server.pem": certificate, "b/server.pem": both, ...keys });
  const { listener, identity, routes, revocation } = parse(found.text);
  assert.deepEqual(identity.headers.claims, { file: "x-file" });
  assert.deepEqual(routes[0].deny[0].claims, { file: "report" });
  assert.deepEqual(
    [listener.tls.certificate.file, listener.tls.key.file, identity.issuers[0].jwks.file, revocation.file],
    ["./server.pem", "./2-server.pem", "./jwks.json", "./revoked.json"],
  );
  assert.deepEqual(Object.keys(found.publicFiles).sort(), ["jwks.json", "server.pem"]);
  assert.deepEqual(Object.keys(found.secretFiles).sort(), ["2-server.pem", "revoked.json", "secret"]);
  assert.equal(found.revocationFile, "revoked.json");
});

test("paths with parameters that stand in no quotes are written as they were, and so are files of such names", async () => {
  const policy = `
version: 1
identity: { issuers: [{ name: shop, jwks: { file: ./{keys}/jwks.json } }] }
routes: # as one writes it
  - { name: users, match: { methods: [GET], path: /users/{id}/orders/{order} }, public: true }
  - { name: quoted, match: { path: "/carts/{id}" }, public: true }
`;
  const found = await flattened(policy, { "{keys}/jwks.json": "{}" });
  assert.deepEqual(Object.keys(found.publicFiles), ["jwks.json"]);
  assert.match(found.text, /path: \/users\/\{id\}\/orders\/\{order\} \}/);
  assert.match(found.text, /path: "\/carts\/\{id\}"/);
  assert.match(found.text, /file: \.\/jwks\.json/);
});

test("a route that the ladder can take to prevent holds bodies, whatever its rung is now", async () => {
  const text = `
version: 1
mode: detect
routes:
  - { name: stays, match: { path: /a }, public: true }
  - { name: climbs, match: { path: /b }, public: true, ladder: { floor: observe, ceiling: prevent } }
`;
  const { policy } = await parsePolicy(text, join(folder, "policy.yaml"));
  assert.deepEqual(routesHoldingBodies(policy), ["climbs"]);
});

test("HS256 secrets come into the proxy that a mesh makes", async () => {
  const { policy } = await parsePolicy("version: 1\nroutes: []\n", join(folder, "policy.yaml"));
  const sidecar = meshSidecar(policy, "1", "sidecar:latest");
  const wanted = [
    { name: "POSTERN_HS256_A", valueFrom: { secretKeyRef: { name: "postern-secrets", key: "POSTERN_HS256_A" } } },
  ];
  const { spec } = envoyProxy(sidecar, ["POSTERN_HS256_A"]) as {
    spec: { provider: { kubernetes: { envoyDeployment: { patch: { value: { spec: Pod } } } } } };
  };
  assert.deepEqual(envOf(spec.provider.kubernetes.envoyDeployment.patch.value, "envoy"), wanted);
  const [configMap] = waypoint(sidecar.parts(1337), ["POSTERN_HS256_A"]) as [{ data: { deployment: string } }];
  assert.deepEqual(envOf(JSON.parse(configMap.data.deployment), "istio-proxy"), wanted);
});

interface Pod {
  readonly template: { readonly spec: { readonly containers: readonly { name: string; env?: unknown }[] } };
}

function envOf({ spec }: { spec: Pod }, container: string): unknown {
  return spec.template.spec.containers.find(({ name }) => name === container)?.env;
}
