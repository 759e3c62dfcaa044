import assert from "node:assert/strict";
import { type ChildProcess, execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { parse } from "yaml";
import { readLogLines } from "../../scripts/decision-log/read.ts";
import { findEnvoy } from "../../scripts/gateway/envoy-binary.ts";
import { secretsOf } from "../../scripts/gateway/policy-force.ts";
import { loadPolicyWithBundle } from "../../scripts/model/load-policy.ts";
import { missingForCompose } from "../harness/containers.ts";
import { startEnvoy, type TestEnvoy } from "../harness/envoy.ts";
import { eventually } from "../harness/eventually.ts";
import { findIstioctl, missingIstioctl } from "../harness/optional-tools.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { ask, type Told } from "./ask.ts";
import { readJson } from "./foreign-policy.ts";
import { type Manifest, podOf, readManifests, schemaErrors } from "./manifests.ts";
import { patchesOf, patchValue, startMeshedEnvoy } from "./meshed-envoy.ts";
import { startRenderedSidecar } from "./rendered-sidecar.ts";
import { makeRichPolicy, type RichPolicy } from "./rich-policy.ts";

const run = promisify(execFile);
let rich: RichPolicy;
let upstream: RecordingUpstream;
let sidecar: ChildProcess | null = null;
let envoy: TestEnvoy | null = null;
/** Rendered for Envoy; the Envoy of a mesh is made of it. */
let out = "";
let env: Record<string, string> = {};

before(
  async () => {
    rich = await makeRichPolicy();
    upstream = await startRecordingUpstream();
    env = secretsOf((await loadPolicyWithBundle(rich.place.path)).policy);
    out = await rich.place.render(
      "envoy",
      "envoy",
      "--upstream",
      upstream.url.origin,
      "--listen",
      "127.0.0.1:0",
      "--second-lock",
    );
  },
  { timeout: 120_000 },
);

afterEach(async () => {
  await envoy?.stop();
  sidecar?.kill("SIGKILL");
  envoy = null;
  sidecar = null;
});

after(async () => {
  await upstream?.stop();
  await rich?.keys.stop();
  await rich?.place.remove();
});

/** On a busy machine the sidecar may not answer in time: 503, which no visit is to get for good. */
const answered = (visit: () => Promise<Told>) => eventually(visit, ({ status }) => status !== 503);

/** Sends every visit, once the workers have what the sidecar brings them. */
async function visitAll(port: number): Promise<void> {
  const { place, byFetchedKey } = rich;
  await eventually(
    async () => (await ask(place, port, byFetchedKey)).status,
    (status) => status === 200,
  );
  for (const [wish, status, reason] of await rich.visits()) {
    const told = await answered(() => ask(place, port, wish));
    assert.deepEqual([told.status, told.reason], [status, reason], JSON.stringify(wish));
  }
}

describe("a policy with something of everything", { timeout: 900_000 }, () => {
  test("Envoy and sidecar as rendered: accepted, and every request is decided as the policy says", async () => {
    const binary = await findEnvoy(() => {});
    for (const file of ["envoy.json", "dynamic/bootstrap.json"])
      await run(binary, ["--mode", "validate", "--config-path", join(out, file), "--log-level", "warning"], {
        env: { ...process.env, ...env },
      });
    sidecar = await startRenderedSidecar(out);
    const started = new Date().toISOString();
    envoy = await startEnvoy(() => readJson(join(out, "envoy.json")), { env });
    await visitAll(await envoy.port("edge"));
    await provedAfter(started);
  });

  test("Istio: manifests are accepted, and filter and sidecar in a gateway's pod decide the same", async () => {
    const folder = await rich.place.render("istio", "istio");
    const manifests = await readManifests(folder);
    assert.deepEqual(manifests.flatMap(schemaErrors), []);
    const named = (file: string, kind: string) =>
      manifests.find((one) => one.file === file && one.kind === kind) as Manifest;
    const { data } = named("sidecar-policy.yaml", "ConfigMap") as unknown as { data: Record<string, string> };
    const [, sidecarContainer] = podOf(named("gateway.yaml", "Deployment")).containers as { env: object[] }[];
    const policyFile = "/etc/postern/policy.json";
    assert.ok(JSON.stringify(sidecarContainer?.env).includes(policyFile));
    // The paths of the pod become those of here.
    const told = join(folder, "policy.json");
    const list = join(rich.place.folder, "lists", "revoked.json");
    await writeFile(told, String(data["policy.json"]).replace("/etc/postern/revocations.json", list));
    sidecar = await startRenderedSidecar(out, { configuration: { policyFile: told } });
    const started = new Date().toISOString();
    const patches = patchesOf(named("envoyfilter.yaml", "EnvoyFilter"));
    envoy = await startMeshedEnvoy(out, patches, "postern_sidecar", { env });
    await visitAll(await envoy.port("edge"));
    const { pipe } = (patchValue(patches, "LISTENER") as { address: { pipe: { path: string } } }).address;
    assert.ok(JSON.stringify(sidecarContainer?.env).includes(`"SELF_TEST_SOCKET","value":"${pipe.path}"`));
    await provedAfter(started);
  });

  async function provedAfter(started: string): Promise<void> {
    await eventually(
      () => provedSince(started),
      (routes) => ["notes", "shelves"].every((one) => routes.includes(one)),
    );
  }

  /** Routes of which a self-test since then says that they enforce. */
  async function provedSince(started: string): Promise<string[]> {
    const routes: string[] = [];
    for await (const { selfTest, time } of readLogLines(join(out, "state"))) {
      const { route, proved } = (selfTest ?? {}) as { route?: string; proved?: boolean };
      if (route !== undefined && proved && String(time) >= started) routes.push(route);
    }
    return routes;
  }

  test("istioctl accepts it", { skip: missingIstioctl() ?? false }, async () => {
    const folder = await rich.place.render("istio", "istioctl");
    const files = [...new Set((await readManifests(folder)).map(({ file }) => join(folder, file)))];
    await run(findIstioctl() as string, ["validate", ...files.flatMap((file) => ["--filename", file])]);
    await run(findIstioctl() as string, ["analyze", "--use-kube=false", "--failure-threshold", "Error", ...files]);
  });

  test("Kubernetes: accepted; the sidecar has the list of revocations where the policy says that it is", async () => {
    const folder = await rich.place.render("kubernetes", "kubernetes");
    const manifests = await readManifests(folder);
    assert.deepEqual(manifests.flatMap(schemaErrors), []);
    const { revocation } = parse(await readFile(join(folder, "base", "policy", "policy.yaml"), "utf8"));
    const { containers, volumes } = podOf(manifests.find(({ kind }) => kind === "Deployment") as Manifest) as {
      containers: { volumeMounts: { name: string; mountPath: string }[] }[];
      volumes: { name: string; projected?: { sources: { secret?: { items: { path: string }[] } }[] } }[];
    };
    const mount = containers[1]?.volumeMounts.find(({ mountPath }) => mountPath === "/etc/postern");
    const volume = volumes.find(({ name }) => name === mount?.name);
    assert.equal(`./${volume?.projected?.sources[0]?.secret?.items[0]?.path}`, revocation.file);
  });

  test("compose: the sidecar reads the list of revocations, and no file with keys", async (t) => {
    const file = join(await rich.place.render("compose", "compose"), "compose.yaml");
    const { services } = parse(await readFile(file, "utf8")) as {
      services: Record<string, { volumes: (string | { source: string })[] }>;
    };
    const lists = join(rich.place.folder, "lists");
    const sources = services.sidecar?.volumes.flatMap((one) => (typeof one === "string" ? [] : [one.source]));
    assert.deepEqual(sources, [lists]);
    const missing = await missingForCompose();
    if (missing !== null) t.diagnostic(`docker compose was not asked: ${missing}`);
    else await run("docker", ["compose", "--file", file, "config", "--quiet"]);
  });

  test("ext_authz: refused for what is beyond it; without that it decides by the rest", async () => {
    const original = await readFile(rich.place.path, "utf8");
    const flags = ["--upstream", upstream.url.origin, "--listen", "127.0.0.1:0"];
    await assert.rejects(rich.place.render("ext_authz", "authz", ...flags));
    const within = original
      .replace(/\[ES256, PS256\], jwks: \{ uri: "[^}]*\}/, "[ES256], jwks: { file: ./jwks.json }")
      .replace(/^revocation: .*$/m, "")
      .replace(/^ {4}ladder: .*$/m, "");
    await writeFile(rich.place.path, within);
    const authz = await rich.place.render("ext_authz", "authz", ...flags);
    sidecar = await startRenderedSidecar(authz);
    // A proof that was made since the sidecar serves is accepted in a later second, too, also as the first one.
    const visits = await rich.visits();
    const made = Date.now();
    envoy = await startEnvoy(() => readJson(join(authz, "envoy.json")));
    const port = await envoy.port("edge");
    await eventually(
      () => Date.now(),
      (now) => now - made > 1000,
    );
    for (const [wish, status, reason] of visits) {
      // Of other issuers now, or revoked before.
      if (wish.token !== undefined) continue;
      const told = await answered(() => ask(rich.place, port, wish));
      assert.deepEqual([told.status, told.reason], [status, reason], JSON.stringify(wish));
    }
    await writeFile(rich.place.path, original);
  });
});
