import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { test } from "node:test";

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "");
const sources = files.filter((file) => /\.(ts|mjs)$/.test(file));

/** What a file imports: paths from the project's root, or package names. */
function importsOf(file: string): string[] {
  const specifiers = [...readFileSync(file, "utf8").matchAll(/(?:from|import)\s+"([^"]+)"/g)].map(
    (match) => match[1] ?? "",
  );
  return specifiers.map((name) => (name.startsWith(".") ? posix.join(posix.dirname(file), name) : name));
}

function edges(from: RegExp, to: RegExp): string[] {
  return sources
    .filter((file) => from.test(file))
    .flatMap((file) =>
      importsOf(file)
        .filter((target) => to.test(target))
        .map((target) => `${file} imports ${target}`),
    );
}

test("every path that docs/architecture.md names exists", () => {
  const built = /^(build|STATE)\//;
  const named = [...readFileSync("docs/architecture.md", "utf8").matchAll(/`([\w./-]+\/[\w.-]*)`/g)].map(
    (m) => m[1] ?? "",
  );
  const missing = named.filter(
    (path) => !built.test(path) && !files.some((file) => file === path || file.startsWith(path)),
  );
  assert.ok(named.length > 40);
  assert.deepEqual(missing, []);
});

test("the filter's stages do not import each other, nor what drives them", () => {
  const stages = ["identity", "values", "screen", "inference"];
  for (const stage of stages) {
    const others = stages.filter((other) => other !== stage).join("|");
    assert.deepEqual(edges(new RegExp(`^filter/${stage}/`), new RegExp(`^filter/(${others}|report|hygiene)/`)), []);
  }
  const drivers = /^filter\/(main|evaluate|gate|http-context|root-context|core)/;
  assert.deepEqual(edges(/^filter\/(hygiene|identity|inference|limits|policy|values|screen)\//, drivers), []);
});

test("only the contexts, reports and calls of the filter know the host", () => {
  const host = /^proxy-wasm-as(?!\/(bytes|header-map)$)/;
  const pure =
    /^filter\/(hygiene|identity|limits|policy|values|screen|encoding|crypto|core)\/|^filter\/(access|core|evaluate|request|suspects|trust-algorithm|verdict|score-evidence)\.ts$/;
  assert.deepEqual(edges(pure, host), []);
});

test("the sidecar imports nothing of the filter, and the filter nothing of the sidecar", () => {
  assert.deepEqual(edges(/^inference-sidecar\//, /^filter\//), []);
  assert.deepEqual(edges(/^filter\//, /^(inference-sidecar|scripts|envoy)\//), []);
});

test("proxy-wasm-as knows nothing of Postern", () => {
  assert.deepEqual(edges(/^filter\/proxy-wasm\//, /^filter\/(?!proxy-wasm\/)/), []);
  const mentions = files.filter(
    (file) => file.startsWith("filter/proxy-wasm/") && /postern/i.test(readFileSync(file, "utf8")),
  );
  assert.deepEqual(mentions, []);
});

test("no source file has more than 400 lines", () => {
  const long = sources.filter((file) => readFileSync(file, "utf8").split("\n").length > 401);
  assert.deepEqual(long, []);
});
