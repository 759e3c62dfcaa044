import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { loadSync } from "@grpc/proto-loader";
import { ATTACK_CLASSES, loadBundle } from "../../inference-sidecar/src/bundle.ts";
import { screenSegment } from "../../scripts/build/bundle.ts";
import { protoPath, temporaryFolder, testBundle } from "./harness.ts";

const SEGMENT_DIGEST = [8, 40] as const;
const shipped = fileURLToPath(new URL("../../models/bundle/", import.meta.url));

/** A copy of the test bundle whose manifest was changed. */
async function changed(t: TestContext, change: (manifest: Record<string, never>) => void): Promise<string> {
  const folder = await temporaryFolder();
  t.after(() => rm(folder, { recursive: true }));
  await mkdir(folder, { recursive: true });
  for (const name of ["model.onnx", "screen.bin"])
    await writeFile(join(folder, name), await readFile(join(testBundle, name)));
  const manifest = JSON.parse(await readFile(join(testBundle, "manifest.json"), "utf8"));
  change(manifest);
  await writeFile(join(folder, "manifest.json"), JSON.stringify(manifest));
  return folder;
}

test("the sidecar and the filter's data segment compute the same digest", async () => {
  for (const folder of [testBundle, ...(existsSync(join(shipped, "manifest.json")) ? [shipped] : [])]) {
    const segment = await screenSegment(folder);
    const { digest } = await loadBundle(folder);
    assert.deepEqual(Buffer.from(segment.subarray(...SEGMENT_DIGEST)), digest, folder);
  }
});

test("the classes are those of the proto, in order", () => {
  const { type } = loadSync(protoPath)["postern.v1.AttackClass"] as {
    type: { value: { name: string; number: number }[] };
  };
  assert.deepEqual(
    type.value.map(({ name, number }) => [name.toLowerCase(), number]),
    ATTACK_CLASSES.map((name, index) => [name, index]),
  );
});

test("what the manifest does not vouch for is refused", async (t) => {
  // biome-ignore lint/suspicious/noExplicitAny: manifests are broken here on purpose
  const broken: [(manifest: any) => void, RegExp][] = [
    [(manifest) => (manifest.version = 2), /version 2 is not known/],
    [(manifest) => (manifest.digest = "00".repeat(32)), /digest is not that of its parts/],
    [(manifest) => (manifest.thresholds.clearBelow += 1), /digest is not that of its parts/],
    [(manifest) => (manifest.thresholds.modelDeny = 1_000_001), /threshold modelDeny/],
    [(manifest) => (manifest.model.sha256 = manifest.screen.sha256), /model\.onnx is not the file/],
    [(manifest) => (manifest.model.file = "../bundle/model.onnx"), /does not lie in the bundle/],
    [(manifest) => manifest.model.classes.reverse(), /the classes are not those/],
    [(manifest) => manifest.model.surprisal.kinds.pop(), /the kinds of fields are not those/],
    [(manifest) => (manifest.model.input.type = "float32"), /input type float32/],
    [(manifest) => (manifest.model.input.padding = 257), /padding/],
    [(manifest) => (manifest.model.input.shape = ["N"]), /shape/],
    [(manifest) => (manifest.model.input.marks = { begin: 257 }), /marks/],
  ];
  for (const [change, message] of broken) {
    await assert.rejects(loadBundle(await changed(t, change)), { code: "bundle", message });
  }
  await assert.rejects(loadBundle(join(testBundle, "absent")), { code: "bundle" });
});
