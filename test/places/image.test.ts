import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { eventually } from "../harness/eventually.ts";
import { freePort } from "../harness/free-port.ts";
import { missingForRegistry } from "../harness/optional-tools.ts";
import { type ForeignPolicy, makeForeignPolicy, readJson } from "./foreign-policy.ts";

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

interface ImageManifest {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

const run = promisify(execFile);
const missing = missingForRegistry();
let place: ForeignPolicy;
let image = "";
let module: Buffer;

before(async () => {
  place = await makeForeignPolicy();
  image = join(await place.render("istio", "istio", "--image", "127.0.0.1:5000/edge/postern"), "image");
  module = await readFile("build/postern.wasm");
});

after(() => place?.remove());

const blob = (folder: string, { digest }: Descriptor) => readFile(join(folder, "blobs", digest.replace(":", "/")));
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

async function manifests(folder: string): Promise<ImageManifest[]> {
  const index = (await readJson(join(folder, "index.json"))) as unknown as { manifests: Descriptor[] };
  return Promise.all(
    index.manifests.map(async (one) => JSON.parse((await blob(folder, one)).toString()) as ImageManifest),
  );
}

test("the artifact has exactly two layers, the second one the module as it was built", async () => {
  const [artifact] = (await manifests(image)) as [ImageManifest];
  assert.deepEqual(
    artifact.layers.map(({ mediaType }) => mediaType),
    ["application/vnd.module.wasm.config.v1+json", "application/vnd.module.wasm.content.layer.v1+wasm"],
  );
  assert.ok(module.equals(await blob(image, artifact.layers[1] as Descriptor)));
});

test("the compatible form holds plugin.wasm in one layer, which tar reads", async () => {
  const [, compatible] = (await manifests(image)) as [ImageManifest, ImageManifest];
  assert.equal(compatible.layers.length, 1);
  const layer = compatible.layers[0] as Descriptor;
  assert.equal(layer.mediaType, "application/vnd.oci.image.layer.v1.tar+gzip");
  const archive = join(place.folder, "layer.tar");
  const content = gunzipSync(await blob(image, layer));
  await writeFile(archive, content);
  const { stdout } = await run("tar", ["-xOf", archive, "plugin.wasm"], { encoding: "buffer", maxBuffer: 2 ** 26 });
  assert.ok(module.equals(stdout));
  const config = JSON.parse((await blob(image, compatible.config)).toString()) as { rootfs: { diff_ids: string[] } };
  assert.deepEqual(config.rootfs.diff_ids, [`sha256:${sha256(content)}`]);
});

test("made twice it has the same digests, also in its bill of materials and its provenance", async () => {
  const again = join(await place.render("istio", "again", "--image", "127.0.0.1:5000/edge/postern"), "image");
  for (const name of ["index.json", "bom.cdx.json", "provenance.json"])
    assert.equal(await readFile(join(again, name), "utf8"), await readFile(join(image, name), "utf8"));
  const bom = JSON.stringify(await readJson(join(image, "bom.cdx.json")));
  assert.ok(bom.includes(sha256(module)) && bom.includes('"purl":"pkg:npm/assemblyscript@'));
  const { subject } = (await readJson(join(image, "provenance.json"))) as { subject: { digest: { sha256: string } }[] };
  const index = (await readJson(join(image, "index.json"))) as { manifests: [Descriptor] };
  assert.deepEqual(
    subject.map(({ digest }) => digest.sha256),
    [sha256(module), index.manifests[0].digest.replace("sha256:", "")],
  );
});

test("pushed to a registry and pulled by the digest that the manifests name", { skip: missing ?? false }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "registry-"));
  const port = await freePort();
  const settings = {
    version: 0.1,
    storage: { filesystem: { rootdirectory: folder } },
    http: { addr: `127.0.0.1:${port}` },
  };
  await writeFile(join(folder, "config.yml"), JSON.stringify(settings));
  const registry = spawn("docker-registry", ["serve", join(folder, "config.yml")], { stdio: "ignore" });
  const ended = new Promise((done) => registry.once("exit", done));
  try {
    await eventually(
      () =>
        fetch(`http://127.0.0.1:${port}/v2/`).then(
          ({ ok }) => ok,
          () => false,
        ),
      Boolean,
    );
    const index = (await readJson(join(image, "index.json"))) as unknown as {
      manifests: (Descriptor & { annotations: Record<string, string> })[];
    };
    for (const { digest, annotations } of index.manifests) {
      const name = annotations["org.opencontainers.image.ref.name"];
      const repository = `docker://127.0.0.1:${port}/edge/postern`;
      await run("skopeo", [
        "copy",
        "--insecure-policy",
        "--dest-tls-verify=false",
        `oci:${image}:${name}`,
        `${repository}:${name}`,
      ]);
      const pulled = join(folder, `pulled-${name}`);
      await run("skopeo", [
        "copy",
        "--insecure-policy",
        "--src-tls-verify=false",
        `${repository}@${digest}`,
        `oci:${pulled}:x`,
      ]);
      const [got] = (await manifests(pulled)) as [ImageManifest];
      assert.deepEqual(got, JSON.parse((await blob(image, { digest } as Descriptor)).toString()));
    }
  } finally {
    registry.kill();
    await ended;
    await rm(folder, { recursive: true });
  }
});
