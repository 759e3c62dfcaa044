import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { loadPolicy } from "../../inference-sidecar/src/policy/load.ts";
import { missingForKustomize } from "../harness/optional-tools.ts";
import { type ForeignPolicy, makeForeignPolicy } from "./foreign-policy.ts";
import { type Manifest, podOf, readManifests, schemaErrors } from "./manifests.ts";

interface Container {
  readonly name: string;
  readonly securityContext: Record<string, unknown>;
  readonly volumeMounts: readonly { readonly name: string }[];
}

let place: ForeignPolicy;
let manifests: Manifest[] = [];
let out = "";

before(async () => {
  place = await makeForeignPolicy();
  out = await place.render("kubernetes", "kubernetes", "--image", "127.0.0.1:5000/edge/postern");
  manifests = await readManifests(out);
});

after(() => place?.remove());

const ofKind = (...kinds: string[]) => manifests.filter(({ kind }) => kinds.includes(kind));

test("every manifest is one of its kind, without an unknown field", () => {
  assert.deepEqual(manifests.flatMap(schemaErrors), []);
  assert.deepEqual([...new Set(manifests.map(({ kind }) => kind))].sort(), [
    "DaemonSet",
    "Deployment",
    "NetworkPolicy",
    "Service",
    "ServiceAccount",
  ]);
});

test("a misspelt field is found", () => {
  const [deployment] = ofKind("Deployment") as [Manifest];
  const misspelt = structuredClone(deployment);
  const [container] = podOf(misspelt).containers as [Record<string, unknown>];
  container.volumeMount = [];
  assert.match(schemaErrors(misspelt).join(), /volumeMount/);
});

test("pods keep to the pod security standard restricted", () => {
  const pods = ofKind("Deployment", "DaemonSet").map(podOf);
  assert.equal(pods.length, 2);
  for (const { containers, volumes, ...pod } of pods as { containers: Container[]; volumes: object[] }[]) {
    assert.equal(containers.length, 2);
    assert.deepEqual(
      Object.keys(pod).filter((key) => key.startsWith("host")),
      [],
    );
    const kinds = volumes.flatMap((volume) => Object.keys(volume)).filter((key) => key !== "name");
    assert.deepEqual([...new Set(kinds)].sort(), ["emptyDir", "projected"]);
    for (const { securityContext, volumeMounts } of containers) {
      assert.deepEqual(
        { ...securityContext, runAsUser: 0, runAsGroup: 0 },
        {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          runAsNonRoot: true,
          capabilities: { drop: ["ALL"] },
          seccompProfile: { type: "RuntimeDefault" },
          runAsUser: 0,
          runAsGroup: 0,
        },
      );
      assert.ok(Number(securityContext.runAsUser) > 0);
      assert.ok(volumeMounts.some(({ name }) => name === "postern-run"));
    }
  }
});

test("a pod that is to end takes connections while nodes still send them, and its sidecar ends behind its gateway", () => {
  for (const pod of ofKind("Deployment", "DaemonSet").map(podOf)) {
    const waits = (pod.containers as { lifecycle: { preStop: { exec: { command: string[] } } } }[]).map(
      ({ lifecycle }) => Number(/, (\d+)\)$/.exec(lifecycle.preStop.exec.command.at(-1) ?? "")?.[1]) / 1000,
    );
    const [gateway = 0, sidecar = 0] = waits;
    assert.ok(gateway > 0);
    // What is under way has five seconds, and the sidecar four to end: all within the thirty that a pod has.
    assert.ok(sidecar > gateway + 5 && sidecar + 5 < 30, String(waits));
  }
});

test("the volume of the sockets has room for two policies, old and new, of the largest ConfigMap that there is", () => {
  const { volumes } = podOf(ofKind("Deployment")[0] as Manifest) as {
    volumes: { name: string; emptyDir?: { sizeLimit: string } }[];
  };
  const [, mebibytes] =
    /^(\d+)Mi$/.exec(volumes.find(({ name }) => name === "postern-run")?.emptyDir?.sizeLimit ?? "") ?? [];
  // What the sidecar is told takes about four times as much as its YAML text, of which a ConfigMap has at most 1 MiB.
  assert.ok(Number(mebibytes) >= 2 * 4, mebibytes);
});

test("the policy in the base is the same policy, and no private file is beside it", async () => {
  const folder = join(out, "base", "policy");
  const kustomization = await readFile(join(out, "base", "kustomization.yaml"), "utf8");
  for (const name of ["policy.yaml", "jwks.json", "server.pem", "ca.pem"])
    assert.match(kustomization, new RegExp(`policy/${name}`));
  assert.doesNotMatch(kustomization, /server\.key/);
  await assert.rejects(readFile(join(folder, "server.key")));
  await writeFile(join(folder, "server.key"), await readFile(join(place.folder, "tls", "server.key")));
  const [flat, original] = await Promise.all([loadPolicy(join(folder, "policy.yaml")), loadPolicy(place.path)]);
  assert.deepEqual(flat.policy.routes, original.policy.routes);
  assert.deepEqual(flat.policy.issuers, original.policy.issuers);
  assert.equal(flat.policy.tls?.key, join(folder, "server.key"));
});

test("kustomize makes of each overlay what a cluster takes, the policy's ConfigMap under its hashed name", {
  skip: missingForKustomize() ?? false,
}, async () => {
  for (const [overlay, kind] of [
    ["deployment", "Deployment"],
    ["daemonset", "DaemonSet"],
  ] as const) {
    const { stdout } = await promisify(execFile)("kubectl", ["kustomize", join(out, overlay)]);
    const made = parseAllDocuments(stdout).map((document) => ({ ...document.toJS(), file: overlay }) as Manifest);
    assert.deepEqual(made.flatMap(schemaErrors), []);
    const ofThat = (wanted: string) => made.find((manifest) => manifest.kind === wanted) as Manifest;
    const name = ofThat("ConfigMap").metadata?.name ?? "";
    assert.match(name, /^postern-policy-[a-z0-9]+$/);
    assert.ok(JSON.stringify(podOf(ofThat(kind))).includes(`"configMap":{"name":"${name}"}`));
  }
});

test("Envoy Gateway is given the filter where no route holds a body", async () => {
  const text = await readFile(place.path, "utf8");
  await writeFile(place.path, text.replaceAll("mode: prevent", "mode: detect"));
  const open = await readManifests(await place.render("kubernetes", "open"));
  await writeFile(place.path, text);
  assert.deepEqual(open.flatMap(schemaErrors), []);
  const one = (kind: string) => open.find((manifest) => manifest.kind === kind) as Manifest;
  const policy = one("EnvoyExtensionPolicy");
  const [wasm] = (policy.spec as { wasm: { failOpen: boolean; code: { image: { url: string; sha256: string } } }[] })
    .wasm;
  assert.equal(wasm?.failOpen, false);
  assert.equal(wasm?.code.image.url, `registry.example/postern@sha256:${wasm?.code.image.sha256}`);
  // What these two hold is of no schema of theirs: Envoy's configuration, and part of a Deployment.
  const { jsonPatches } = one("EnvoyPatchPolicy").spec as { jsonPatches: { operation: { value: { name: string } } }[] };
  assert.equal(jsonPatches[0]?.operation.value.name, "postern_sidecar");
  const { provider } = one("EnvoyProxy").spec as {
    provider: { kubernetes: { envoyDeployment: { patch: { value: { spec: object } } } } };
  };
  const { spec } = provider.kubernetes.envoyDeployment.patch.value;
  const patched = { ...(ofKind("Deployment")[0] as Manifest), spec: { selector: {}, ...spec } };
  assert.deepEqual(schemaErrors(patched), []);
});
