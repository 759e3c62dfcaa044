import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { promisify } from "node:util";
import { loadBundle } from "../../inference-sidecar/src/bundle.ts";
import { valueKinds } from "../../inference-sidecar/src/core/value.ts";
import { BundleStore } from "../../inference-sidecar/src/models/bundle-store.ts";
import { screenSegment } from "../../scripts/build/bundle.ts";
import { tryModel } from "../../scripts/model/model-trial.ts";
import { smokeTest } from "../../scripts/model/smoke-test.ts";
import { attacks, ordinary } from "./attacks.ts";
import { otherBundle, withLoopBehind, withNodeBehind } from "./other-bundle.ts";
import { bundleFolder, placed, shippedPath } from "./shipped-path.ts";

const sentences = (attack: string): string[] => [
  `Thanks for the quick answer, ${attack}`,
  `hello ${attack} and see you on Monday, best regards`,
];

const PLACES = Object.keys(placed("")).length;

describe("the bundle", () => {
  it("is small enough for a gateway, and its segment carries the manifest's digest and thresholds", async () => {
    const manifest = JSON.parse(await readFile(join(bundleFolder, "manifest.json"), "utf8"));
    assert.ok((await stat(join(bundleFolder, "model.onnx"))).size <= 2 * 1024 * 1024);
    assert.ok((await stat(join(bundleFolder, "screen.bin"))).size <= 512 * 1024 + 16);
    const segment = Buffer.from(await screenSegment(bundleFolder));
    assert.equal(segment.subarray(8, 40).toString("hex"), manifest.digest);
    const { clearBelow, denyAlone, modelDeny } = manifest.thresholds;
    assert.deepEqual(
      [40, 44, 48].map((at) => segment.readUInt32LE(at)),
      [clearBelow, denyAlone, modelDeny],
    );
    assert.ok(0 < clearBelow && clearBelow < denyAlone && denyAlone <= 1_000_000);
  });

  for (const [file, change] of [
    ["model.onnx", (bytes: Buffer) => bytes.fill(bytes.readUInt8(999) ^ 1, 999, 1000)],
    ["screen.bin", (bytes: Buffer) => bytes.fill(bytes.readUInt8(99) ^ 1, 99, 100)],
    ["manifest.json", (bytes: Buffer) => Buffer.from(bytes.toString().replace(/"modelDeny": \d+/, '"modelDeny": 1'))],
  ] as const) {
    it(`is refused when one byte of ${file} is another`, async () => {
      const folder = await mkdtemp(join(tmpdir(), "postern-bundle-"));
      try {
        await cp(bundleFolder, folder, { recursive: true });
        await writeFile(join(folder, file), change(await readFile(join(folder, file))));
        await assert.rejects(screenSegment(folder), /manifest/);
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  }

  it("is refused, and waited for by nobody, where a part is no regular file: a pipe, a device, a folder", async () => {
    const folder = await mkdtemp(join(tmpdir(), "postern-bundle-"));
    try {
      await cp(bundleFolder, folder, { recursive: true });
      const part = join(folder, "model.onnx");
      for (const make of [
        () => promisify(execFile)("mkfifo", [part]),
        () => symlink("/dev/zero", part),
        () => mkdir(part),
      ]) {
        await rm(part, { recursive: true });
        await make();
        await assert.rejects(loadBundle(folder), /model\.onnx is not a regular file/);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("is refused where its model has no row for each window", async () => {
    const folder = await mkdtemp(join(tmpdir(), "postern-bundle-"));
    try {
      await otherBundle(folder, (bundle) => {
        bundle.model = withNodeBehind(bundle.model, "Transpose", "probabilities", "turned");
      });
      const manifest = JSON.parse(await readFile(join(folder, "manifest.json"), "utf8"));
      manifest.model.output.name = "turned";
      await writeFile(join(folder, "manifest.json"), JSON.stringify(manifest));
      await assert.rejects(smokeTest(folder), /turned of shape \[14,1\] for 1 windows, not \[1,14\]/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("is refused where its model never answers, or takes more memory than a sidecar has", async () => {
    const folder = await mkdtemp(join(tmpdir(), "postern-bundle-"));
    const windows = [{ bytes: Buffer.from("a shoe"), edges: 3 }];
    try {
      await otherBundle(folder, (bundle) => {
        bundle.model = withLoopBehind(bundle.model, "stays", "probabilities", "endless");
      });
      const limits = { readyMs: 2000, answerMs: 2000, memoryBytes: 2 ** 30 };
      await assert.rejects(
        tryModel(await loadBundle(folder), windows, limits),
        /its model was not loaded and warm within 2 s/,
      );
      await otherBundle(folder, (bundle) => {
        bundle.model = withLoopBehind(bundle.model, "doubles", "probabilities", "endless");
      });
      await assert.rejects(smokeTest(folder), /its model takes more than 256 MiB of memory/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("comes into a state folder with the parts that its manifest vouches for, and is refused with any other", async () => {
    const state = await mkdtemp(join(tmpdir(), "postern-bundle-"));
    const folder = join(state, "bundle");
    const store = new BundleStore(state);
    try {
      await cp(bundleFolder, folder, { recursive: true });
      const manifest = JSON.parse(await readFile(join(folder, "manifest.json"), "utf8"));
      const addWith = async (sha256: string) => {
        await writeFile(
          join(folder, "manifest.json"),
          JSON.stringify({ ...manifest, words: { file: "words", sha256 } }),
        );
        return store.add(folder);
      };
      await writeFile(join(folder, "words"), "a part of a later version");
      await assert.rejects(addWith(manifest.model.sha256), /words is not the file of the manifest/);
      assert.deepEqual(await readdir(join(state, "models")), []);
      const digest = await addWith(createHash("sha256").update("a part of a later version").digest("hex"));
      const names = ["calibration.json", "manifest.json", "model.onnx", "screen.bin", "words"];
      assert.deepEqual((await readdir(store.directoryOf(digest))).sort(), names);
    } finally {
      await rm(state, { recursive: true });
    }
  });

  it("is the one of the model card", async () => {
    const card = await readFile(new URL("../../models/MODEL_CARD.md", import.meta.url), "utf8");
    const model = await readFile(join(bundleFolder, "model.onnx"));
    const manifest = JSON.parse(await readFile(join(bundleFolder, "manifest.json"), "utf8"));
    assert.ok(card.includes(manifest.digest), "the card is of another bundle");
    assert.ok(card.includes(manifest.training.dataSha256), "the card is of other data");
    assert.equal(createHash("sha256").update(model).digest("hex"), manifest.model.sha256);
  });
});

describe("the shipped path in prevent", () => {
  let path: Awaited<ReturnType<typeof shippedPath>>;
  before(async () => {
    path = await shippedPath();
  });

  it("gives probabilities that sum to one, whatever else is in the batch", async () => {
    const windows = ["hello", "' OR '1'='1", "x".repeat(256)].map((text) => ({ bytes: Buffer.from(text), edges: 3 }));
    const together = await path.probabilities(windows);
    for (const [index, window] of windows.entries()) {
      const [alone] = await path.probabilities([window]);
      const sum = (together[index] as Float32Array).reduce((total, p) => total + p, 0);
      assert.ok(Math.abs(sum - 1) < 1e-5);
      alone?.forEach((p, of) => {
        assert.ok(Math.abs(p - (together[index]?.[of] ?? -1)) < 1e-5);
      });
    }
  });

  it("takes what scanners ask for less seriously in a field of a body than in a path", async () => {
    const [segment, leaf] = [valueKinds.indexOf("path-segment"), valueKinds.indexOf("json-string")];
    const windows = [segment, leaf].map((kind) => ({ bytes: Buffer.from("backup.sql"), edges: 3, kind }));
    const [asked, spoken] = (await path.probabilities(windows)).map(([benign = 1]) => (1 - benign) / benign);
    assert.ok((asked ?? 0) > 5 * (spoken ?? 1), `odds of ${asked} in a path, ${spoken} in a body`);
  });

  /** Each placement in which a value is not denied, with its scores. */
  async function passing(values: string[]): Promise<string[]> {
    const passed: string[] = [];
    for (const value of values) {
      for (const [place, request] of Object.entries(placed(value))) {
        const { denied, screen, model } = await path.judge(request);
        if (!denied) passed.push(`${place}: ${value} (screen ${screen}, model ${model})`);
      }
    }
    return passed;
  }

  for (const [attackClass, values] of Object.entries(attacks)) {
    it(`denies classic ${attackClass}`, async () => {
      assert.deepEqual(await passing(values), []);
    });
  }

  it("denies nine in ten of them inside a sentence", async () => {
    const inside = Object.values(attacks).flat().flatMap(sentences);
    const passed = await passing(inside);
    assert.ok(passed.length <= 0.1 * inside.length * PLACES, passed.join("\n"));
  });

  it("passes ordinary values", async () => {
    const denied: string[] = [];
    for (const value of ordinary) {
      for (const [place, request] of Object.entries(placed(value))) {
        const judgement = await path.judge(request);
        if (judgement.denied) denied.push(`${place}: ${value} (${judgement.attackClass} ${judgement.model})`);
      }
    }
    assert.deepEqual(denied, []);
  });

  it("scores attack requests without their payload as benign: what is judged is the value, not the request's shape", async () => {
    const judged = await Promise.all(Object.values(placed("")).map((request) => path.judge(request)));
    const paths = ["/", "/search", "/login", "/api/v1/items/17", "/index.html"];
    for (const bare of paths) judged.push(await path.judge({ method: "GET", path: bare, headers: [] }));
    for (const { screen, denied } of judged) {
      assert.equal(denied, false);
      assert.ok(screen < path.manifest.thresholds.clearBelow, `screen ${screen}`);
    }
  });
});
