import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { renderBootstrap } from "../../envoy/render/bootstrap.ts";
import { renderFilterConfig } from "../../envoy/render/filter-config.ts";
import type { EnvoyPlan } from "../../envoy/render/plan.ts";
import { issueCertificate } from "../../scripts/demo/certificate.ts";
import { findEnvoy } from "../../scripts/gateway/envoy-binary.ts";

const run = promisify(execFile);
let folder = "";
let envoy = "";

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "render-"));
  envoy = await findEnvoy(() => {});
  const authority = await issueCertificate({ name: "authority", alternativeNames: [], validDays: 1 }, null);
  const server = await issueCertificate({ name: "server", alternativeNames: ["localhost"], validDays: 1 }, authority);
  await writeFile(join(folder, "ca.pem"), authority.certificatePem);
  await writeFile(join(folder, "server.pem"), server.certificatePem);
  await writeFile(join(folder, "server.key"), server.keyPem);
  await writeFile(join(folder, "ecds.json"), "{}");
});

after(() => rm(folder, { recursive: true, force: true }));

function plan(changes: Partial<EnvoyPlan> = {}): EnvoyPlan {
  return {
    listen: { host: "127.0.0.1", port: 8080 },
    tls: null,
    forwardClientCertificate: false,
    upstream: { protocol: "http", host: "127.0.0.1", port: 3000, trustBundleFile: null },
    sidecarSocket: join(folder, "sidecar.sock"),
    adminSocket: join(folder, "admin.sock"),
    selfTestSocket: join(folder, "self-test.sock"),
    filterConfigFile: join(folder, "ecds.json"),
    filterConfigFolder: folder,
    accessLog: join(folder, "access.log"),
    dashboard: null,
    egress: null,
    heapBytes: 268_435_456,
    ...changes,
  };
}

function tls(trustBundleFile: string | null) {
  return {
    certificateFile: join(folder, "server.pem"),
    keyFile: join(folder, "server.key"),
    trustBundleFile,
    secretsFolder: null,
  };
}

const cases: readonly [name: string, changes: () => Partial<EnvoyPlan>][] = [
  ["plain HTTP", () => ({})],
  ["an IPv6 listener", () => ({ listen: { host: "::1", port: 8080 } })],
  ["TLS", () => ({ tls: tls(null) })],
  [
    "TLS with client certificates, forwarded ones believed",
    () => ({ tls: tls(join(folder, "ca.pem")), forwardClientCertificate: true }),
  ],
  [
    "a published dashboard",
    () => ({ dashboard: { listen: { host: "127.0.0.1", port: 9191 }, socket: join(folder, "dashboard.sock") } }),
  ],
  [
    "an https upstream by name",
    () => ({
      upstream: { protocol: "https", host: "shop.internal", port: 443, trustBundleFile: join(folder, "ca.pem") },
    }),
  ],
  [
    "an https upstream by address",
    () => ({ upstream: { protocol: "https", host: "10.0.0.9", port: 8443, trustBundleFile: join(folder, "ca.pem") } }),
  ],
];

for (const [name, changes] of cases) {
  test(`Envoy accepts the rendered bootstrap: ${name}`, async () => {
    const path = join(folder, `${name.replaceAll(/\W/g, "-")}.json`);
    await writeFile(path, JSON.stringify(renderBootstrap(plan(changes()))));
    const { stderr } = await run(envoy, ["--mode", "validate", "--config-path", path, "--log-level", "warning"]);
    assert.doesNotMatch(stderr, /deprecated/i);
  });
}

test("a client certificate is validated where one is asked for, and never accepted untrusted", () => {
  const withBundle = JSON.stringify(renderBootstrap(plan({ tls: tls(join(folder, "ca.pem")) })));
  assert.match(withBundle, /"validation_context":\{"trusted_ca":\{"filename":"[^"]+ca\.pem"\}\}/);
  assert.match(withBundle, /"require_client_certificate":false/);
  assert.doesNotMatch(withBundle, /ACCEPT_UNTRUSTED|trust_chain_verification/);
  assert.doesNotMatch(JSON.stringify(renderBootstrap(plan({ tls: tls(null) }))), /validation_context/);
});

test("load is shed when the heap that was given is nearly used up", () => {
  const rendered = JSON.stringify(renderBootstrap(plan({ heapBytes: 123_456_789 })));
  assert.match(rendered, /"max_heap_size_bytes":123456789/);
});

test("an https upstream is validated: authority, name and SNI", () => {
  const upstream = { protocol: "https", host: "shop.internal", port: 443, trustBundleFile: "/ca.pem" } as const;
  const byName = JSON.stringify(renderBootstrap(plan({ upstream })));
  assert.match(byName, /"trusted_ca":\{"filename":"\/ca\.pem"\}/);
  assert.match(byName, /"san_type":"DNS","matcher":\{"exact":"shop\.internal"\}/);
  assert.match(byName, /"sni":"shop\.internal"/);
  const byAddress = JSON.stringify(renderBootstrap(plan({ upstream: { ...upstream, host: "10.0.0.9" } })));
  assert.match(byAddress, /"san_type":"IP_ADDRESS"/);
  assert.doesNotMatch(byAddress, /"sni"/);
});

test("nothing rewrites a path or forwards a client's own certificate header before the filter judges", () => {
  const rendered = JSON.stringify(renderBootstrap(plan()));
  for (const setting of [
    '"normalize_path":false',
    '"merge_slashes":false',
    '"path_with_escaped_slashes_action":"KEEP_UNCHANGED"',
    '"use_remote_address":true',
    '"forward_client_cert_details":"SANITIZE"',
  ]) {
    assert.ok(rendered.includes(setting), setting);
  }
});

test("the filter's configuration carries the policy's bytes and the names, not the values, of secrets", () => {
  const policy = Uint8Array.of(0, 255, 80, 83, 84, 78);
  const rendered = JSON.stringify(
    renderFilterConfig(
      {
        wasmFile: "/f.wasm",
        moduleDigest: "ab",
        policy,
        syncState: Buffer.alloc(0),
        secretNames: ["POSTERN_HS256_DEMO"],
      },
      "v7",
    ),
  );
  assert.ok(rendered.includes(`"value":"${Buffer.from(policy).toString("base64")}"`));
  assert.ok(rendered.includes('"host_env_keys":["POSTERN_HS256_DEMO"]'));
  assert.ok(rendered.includes('"key_values":{"POSTERN_MODULE":"ab"}'));
  assert.ok(rendered.includes('"failure_policy":"FAIL_RELOAD"'));
  assert.ok(rendered.includes('"version_info":"v7"'));
});
