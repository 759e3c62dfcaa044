import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import type { TestEnvoy } from "../harness/envoy.ts";
import { eventually } from "../harness/eventually.ts";
import { findIstioctl, missingIstioctl } from "../harness/optional-tools.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { ask, visits } from "./ask.ts";
import { type ForeignPolicy, makeForeignPolicy } from "./foreign-policy.ts";
import { type Manifest, readManifests, schemaErrors } from "./manifests.ts";
import { type Patch, patchesOf, patchValue, startMeshedEnvoy } from "./meshed-envoy.ts";

const run = promisify(execFile);
let place: ForeignPolicy;
let upstream: RecordingUpstream;
let envoy: TestEnvoy | null = null;
/** Of the policy as it is, which holds bodies, and of one that holds none. */
let holding = "";
let open = "";

before(async () => {
  place = await makeForeignPolicy();
  upstream = await startRecordingUpstream();
  holding = await place.render("istio", "holding");
  const text = await readFile(place.path, "utf8");
  await writeFile(place.path, text.replaceAll("mode: prevent", "mode: detect"));
  open = await place.render("istio", "open");
  await writeFile(place.path, text);
});

after(async () => {
  await envoy?.stop();
  await upstream?.stop();
  await place?.remove();
});

test("every manifest is one of its kind, without an unknown field", async () => {
  const manifests = [...(await readManifests(holding)), ...(await readManifests(open))];
  assert.deepEqual(manifests.flatMap(schemaErrors), []);
  const misspelt = structuredClone(manifests.find(({ kind }) => kind === "WasmPlugin")) as Manifest;
  Object.assign(misspelt.spec as object, { pluginConfiguration: {} });
  assert.match(schemaErrors(misspelt).join(), /pluginConfiguration/);
});

test("TrafficExtension and WasmPlugin are written only where no route holds a body, pinned by digest", async () => {
  const kinds = async (folder: string) => (await readManifests(folder)).map(({ kind }) => kind);
  assert.doesNotMatch((await kinds(holding)).join(), /TrafficExtension|WasmPlugin/);
  const [plugin] = (await readManifests(open)).filter(({ kind }) => kind === "WasmPlugin") as [Manifest];
  const { url, sha256, failStrategy } = plugin.spec as Record<string, string>;
  assert.equal(url, `oci://registry.example/postern@sha256:${sha256}`);
  assert.equal(failStrategy, "FAIL_RELOAD");
  assert.match((await kinds(open)).join(), /TrafficExtension/);
});

test("what comes by Istio's API alone names a sidecar's cluster that its own file brings", async () => {
  const manifests = await readManifests(open);
  const configured = (file: string) => JSON.stringify(manifests.filter((manifest) => manifest.file === file));
  for (const file of ["extension/trafficextension.yaml", "extension/wasmplugin.yaml"]) {
    assert.match(configured(file), /"sidecarCluster":"outbound\|9000\|\|postern-sidecar\.internal"/);
    assert.match(configured(file), /"hosts":\["postern-sidecar\.internal"\]/);
  }
  const [cluster] = manifests.filter(
    ({ file, kind }) => file === "waypoint/trafficextension.yaml" && kind === "EnvoyFilter",
  );
  assert.equal(patchValue(patchesOf(cluster as Manifest), "CLUSTER")?.name, "postern_sidecar");
});

test("istioctl accepts them", { skip: missingIstioctl() ?? false }, async () => {
  const istioctl = findIstioctl() as string;
  for (const folder of [holding, open]) {
    const files = [...new Set((await readManifests(folder)).map(({ file }) => join(folder, file)))];
    await run(istioctl, ["validate", ...files.flatMap((file) => ["--filename", file])]);
    const { stdout } = await run(istioctl, ["analyze", "--use-kube=false", "--failure-threshold", "Error", ...files]);
    assert.doesNotMatch(stdout, /Error \[/);
  }
});

test("every patch is for what Istio's control plane patches: a waypoint's own context it takes and never applies", async () => {
  const filters = (await readManifests(holding)).filter(({ kind }) => kind === "EnvoyFilter");
  assert.equal(filters.length, 4);
  for (const filter of filters) {
    const contexts = new Set(patchesOf(filter).map(({ match }) => match.context));
    assert.deepEqual([...contexts], [/^(waypoint|workload)/.test(filter.file) ? "SIDECAR_INBOUND" : "GATEWAY"]);
  }
});

test("what is merged into Istio's own listeners says nothing that a merge can't: false, or nothing", async () => {
  const filters = (await readManifests(holding)).filter(({ kind }) => kind === "EnvoyFilter");
  for (const filter of filters) {
    const { typed_config: merged } = patchValue(patchesOf(filter), "NETWORK_FILTER") as { typed_config: object };
    assert.deepEqual(
      Object.values(merged).filter((value) => !value),
      [],
    );
  }
});

for (const file of ["envoyfilter.yaml", "waypoint/envoyfilter.yaml", "workload/envoyfilter.yaml"]) {
  test(`a real Envoy with what ${file} adds decides as the policy says`, async () => {
    const [filter] = (await readManifests(holding)).filter((manifest) => manifest.file === file) as [Manifest];
    const port = await started(patchesOf(filter), "postern_sidecar");
    for (const [wish, status, reason] of await visits(place)) {
      const told = await ask(place, port, wish);
      assert.deepEqual([told.status, told.reason], [status, reason], JSON.stringify(wish));
    }
  });
}

test("an https upstream is reached at its port, with TLS that holds it to its name; an address is no service", async () => {
  const folder = await place.render("istio", "secure", "--upstream", "https://stock.example");
  const manifests = await readManifests(folder);
  assert.deepEqual(manifests.flatMap(schemaErrors), []);
  const specOf = (kind: string) => JSON.stringify(manifests.find((one) => one.kind === kind)?.spec);
  assert.match(specOf("VirtualService"), /"host":"stock.example","port":{"number":443}/);
  const tls = '"tls":{"mode":"SIMPLE","sni":"stock.example","subjectAltNames":["stock.example"]}';
  assert.ok(specOf("DestinationRule").includes(tls));
  if (findIstioctl() !== null)
    await run(findIstioctl() as string, ["validate", "--filename", join(folder, "gateway.yaml")]);
  await assert.rejects(place.render("istio", "address", "--upstream", "http://10.0.0.7:8080"));
});

test("with a ServiceEntry the filter calls the cluster that Istio makes of it", async () => {
  const [filter] = (await readManifests(holding)).filter(({ file }) => file === "serviceentry/envoyfilter.yaml") as [
    Manifest,
  ];
  assert.equal(patchValue(patchesOf(filter), "CLUSTER"), undefined);
  const cluster = "outbound|9000||postern-sidecar.internal";
  const port = await started(patchesOf(filter), cluster);
  assert.equal((await ask(place, port, { path: "/alive" })).status, 200);
  const failed = () => (envoy as TestEnvoy).stat(`cluster.${cluster}.upstream_cx_connect_fail`);
  await eventually(failed, (count) => count > 0);
});

test("the client that a proxy in front speaks for is known behind Istio's own listeners as well", async () => {
  const behind = await makeForeignPolicy(`
version: 1
mode: detect
listener: { tls: { certificate: { file: ./tls/server.pem }, key: { file: ./tls/server.key } } }
identity:
  workloads: { trustDomains: [edge.example], trustBundle: { file: ./tls/ca.pem }, forwardedFrom: [spiffe://edge.example/ns/stock/sa/robot] }
routes:
  - name: all
    match: { path: /all }
    allow: [{ workloads: ["spiffe://edge.example/ns/*"] }]
    deny: [{ workloads: ["spiffe://edge.example/ns/lost/*"] }]
    score: off
`);
  try {
    const meshed = await behind.render("istio", "istio");
    const manifests = await readManifests(meshed);
    assert.doesNotMatch(JSON.stringify(manifests), /TrafficExtension|WasmPlugin/, "which can't say it");
    const out = await behind.render("envoy", "envoy", "--upstream", upstream.url.origin, "--listen", "127.0.0.1:0");
    const own = await readFile(join(out, "envoy.json"), "utf8");
    const headers = (path: string) => ({ "x-forwarded-client-cert": `Hash=ab;URI=spiffe://edge.example/ns/${path}` });
    // What Istio sets for gateways, and for what comes in to workloads.
    for (const [file, mode] of [
      ["envoyfilter.yaml", "SANITIZE_SET"],
      ["workload/envoyfilter.yaml", "APPEND_FORWARD"],
    ] as const) {
      const [filter] = manifests.filter((manifest) => manifest.file === file && manifest.kind === "EnvoyFilter");
      const details = `"forward_client_cert_details": "${mode}", "set_current_client_cert_details": { "uri": true }`;
      await writeFile(join(out, "envoy.json"), own.replaceAll(/"forward_client_cert_details": "\w+"/g, details));
      await envoy?.stop();
      envoy = await startMeshedEnvoy(out, patchesOf(filter as Manifest), "postern_sidecar");
      const port = await envoy.port("edge");
      const status = async (path: string) =>
        (await ask(behind, port, { path: "/all", robot: true, headers: headers(path) })).status;
      assert.deepEqual([await status("till/sa/web"), await status("lost/sa/web")], [200, 403], file);
    }
  } finally {
    await behind.remove();
  }
});

async function started(patches: readonly Patch[], cluster: string): Promise<number> {
  const flags = ["--upstream", upstream.url.origin, "--listen", "127.0.0.1:0"];
  const out = await place.render("envoy", "envoy", ...flags);
  await envoy?.stop();
  envoy = await startMeshedEnvoy(out, patches, cluster);
  return envoy.port("edge");
}
