import assert from "node:assert/strict";
import { test } from "node:test";
import { loadCore } from "../../../scripts/core.ts";

const core = await loadCore();
const NOISE = "\0\x91\xfe\x07\x8b";

function told(contentType: string, text: string): string[] {
  const headers = contentType ? [["content-type", contentType] as const] : [];
  const request = { method: "POST", path: "/", headers, body: Buffer.from(text, "latin1") };
  return (core.values([request])[0] ?? []).map(({ forms }) =>
    Buffer.from(forms.at(-1)?.bytes ?? []).toString("latin1"),
  );
}

test("binary content gives its runs of at least 24 bytes of text", () => {
  const run = "a".repeat(20);
  for (const type of ["application/octet-stream", "image/png", ""]) {
    assert.deepEqual(told(type, `${NOISE}${run}abc${NOISE}${run}abcd${NOISE}`), [`${run}abcd`], type);
  }
  const accented = Buffer.from("é".repeat(12)).toString("latin1");
  assert.deepEqual(told("image/png", NOISE + accented + NOISE), [accented]);
  assert.deepEqual(told("image/png", `${NOISE}${accented.slice(0, -1)}${NOISE}`), []);
});

test("without a NUL: where UTF-8 is broken and control bytes are many", () => {
  assert.deepEqual(told("application/zip", "PK\x03\x04\x91\xfe\x07\x8b short"), []);
  assert.deepEqual(told("application/zip", "caf\xe9 au lait"), ["caf\xe9 au lait"]);
  assert.deepEqual(told("application/zip", "plain \x01\x02 text"), ["plain \x01\x02 text"]);
});

test("past 16 runs the rest is one value", () => {
  const runs = Array.from({ length: 40 }, (_, i) => `run number ${i} ${"x".repeat(20)}`);
  const values = told("image/png", NOISE + runs.join(NOISE));
  assert.equal(values.length, 17);
  assert.deepEqual(values.slice(0, 16), runs.slice(0, 16));
  assert.equal(values[16], runs.slice(16).join(" "));
});

test("declared text, and what begins as a form, stays whole", () => {
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/json", ""]) {
    assert.ok(
      told(type, "id=' or 1=1 --\0").some((text) => text.includes("' or 1=1 --\0")),
      type,
    );
  }
});
