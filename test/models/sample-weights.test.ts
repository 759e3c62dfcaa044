import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const python = fileURLToPath(new URL("../../build/venv/bin/python", import.meta.url));
const script = fileURLToPath(new URL("sample_weights.py", import.meta.url));
const missing = await access(python).then(
  () => false,
  () => "no build/venv: see models/README.md",
);

it("what is sent often weighs more; an injected header's beginning is benign alone; the share asked is of different requests", {
  skip: missing,
}, async () => {
  const { stdout } = await promisify(execFile)(python, [script]);
  const { often, once, heads, asked, most } = JSON.parse(stdout) as {
    often: number;
    once: number;
    heads: Record<string, number>;
    asked: number;
    most: number;
  };
  assert.equal(once, 1);
  assert.ok(often > 3.9 && often < 4.1, stdout);
  assert.deepEqual(heads, { "en-US": 9 });
  assert.ok(asked <= most && asked > most / 2, stdout);
});
