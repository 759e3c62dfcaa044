import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { access } from "node:fs/promises";
import { before, it } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { readBundle } from "../../inference-sidecar/src/bundle.ts";
import { compiledScreen, segmentOf } from "../filter/screen/compiled-screen.ts";
import { attacks, ordinary } from "./attacks.ts";
import { bundleFolder } from "./shipped-path.ts";

const python = fileURLToPath(new URL("../../build/venv/bin/python", import.meta.url));
const script = fileURLToPath(new URL("screen_scores.py", import.meta.url));
const HEADER_BYTES = 16;

const missing = await access(python).then(
  () => false,
  () => "no build/venv: see models/README.md",
);

let screen: Awaited<ReturnType<typeof compiledScreen>>;
before(async () => {
  screen = await compiledScreen();
  const { screen: file } = await readBundle(bundleFolder);
  screen.put(segmentOf(new Int8Array(file.subarray(HEADER_BYTES))));
});

it("training sees the sums and windows that the filter sees", { skip: missing }, () => {
  const texts = [...Object.values(attacks).flat(), ...ordinary, ""].map((text) => Buffer.from(text));
  const long = texts.map((text) =>
    Buffer.concat([Buffer.alloc(300, "order 7 for kim, "), text, Buffer.alloc(200, "x")]),
  );
  const arbitrary = fc
    .sample(fc.uint8Array({ maxLength: 600 }), { numRuns: 200, seed: 7 })
    .map((bytes) => Buffer.from(bytes));
  const all = [...texts, ...long, ...arbitrary];
  const input = all.map((text) => `${text.toString("hex")}\n`).join("");
  const { status, stdout, stderr } = spawnSync(python, [script, `${bundleFolder}screen.bin`], {
    input,
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  const expected = stdout.trimEnd().split("\n");
  assert.deepEqual(
    all.map((text) => {
      const { sum, start, end } = screen.screen(text);
      return `${sum} ${start} ${end}`;
    }),
    expected,
  );
});
