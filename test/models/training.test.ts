import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const python = fileURLToPath(new URL("../../build/venv/bin/python", import.meta.url));
const script = fileURLToPath(new URL("training_twice.py", import.meta.url));

const missing = await access(python).then(
  () => false,
  () => "no build/venv: see models/README.md",
);

it("training twice with one seed gives the same screen and model; a student learns what its teacher says; held-out values are told apart; what is written backwards is surprising", {
  skip: missing,
}, async () => {
  const { stdout } = await run(python, [script]);
  const [, same, stable, right] = /same (\w+) stable (\w+) right ([\d.]+)/.exec(stdout) ?? [];
  assert.deepEqual([same, stable], ["True", "True"], stdout);
  assert.ok(Number(right) > 0.9, stdout);
  const [, untaught, taught] = /learnt ([\d.]+) ([\d.]+)/.exec(stdout) ?? [];
  assert.ok(Number(untaught) < 0.1 && Number(taught) > 0.2, stdout);
  const [, apart] = /apart ([\d.]+)/.exec(stdout) ?? [];
  assert.ok(Number(apart) > 0.9, stdout);
  const [, ordinary, strange] = /ordinary ([\d.]+) strange ([\d.]+)/.exec(stdout) ?? [];
  assert.ok(Number(ordinary) + 0.5 < Number(strange), stdout);
});
