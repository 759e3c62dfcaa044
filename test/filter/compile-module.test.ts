import assert from "node:assert/strict";
import { test } from "node:test";
import { compileModule } from "../../scripts/build/compile-module.ts";

const entry = "test/filter/entries/path-entry.ts";

test("a folder that can't be written is named, and not said to be an error of the source", async () => {
  await assert.rejects(compileModule(entry, "core", "/proc/self/module.wasm"), /^Error: \/proc\/self can't be written/);
});

test("a source that does not compile is told in the compiler's words", async () => {
  await assert.rejects(
    compileModule("filter/nowhere.ts", "core", "build/none.wasm"),
    /the core does not compile:[\s\S]*nowhere/,
  );
});
