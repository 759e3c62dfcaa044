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

const ATTACK = "' OR 1=1--";
const bson = `\x16\0\0\0\x02q\0\x0b\0\0\0${ATTACK}\0\0`;
const thrift = `\x80\x01\0\x01\0\0\0\x03put\0\0\0\x01\x0b\0\x01\0\0\0\x0a${ATTACK}\0`;
const amf = `\0\x03\0\0\0\x01\0\x03a.b\0\x02/1\0\0\0\x11\x0a\0\0\0\x01\x02\0\x0a${ATTACK}`;
const java = `\xac\xed\0\x05t\0\x0a${ATTACK}`;
for (const [type, body] of [
  ["application/bson", bson],
  ["application/x-thrift", thrift],
  ["application/vnd.apache.thrift.binary; charset=utf-8", thrift],
  ["application/x-amf", amf],
  ["application/x-java-serialized-object", java],
] as const) {
  test(`of ${type} short texts are values, too`, () => assert.ok(told(type, body).includes(ATTACK)));
}

test("of what is known to hold short texts all behind a length are values, however many, and no numbers", () => {
  const texts = Array.from({ length: 700 }, (_, index) => `text${index + 100}`);
  const values = told("application/x-thrift", texts.map((text) => `\0\0\0\x07${text}\x91A0b c\xfe`).join(""));
  assert.deepEqual(
    values.flatMap((value) => value.split("\n")),
    texts,
  );
  assert.deepEqual(told("avro/binary", `\0\x14${ATTACK}\0\x0cno \\'d\0ab cd\0`), [ATTACK, "no \\'d"]);
});

test("declared text, and what begins as a form, stays whole", () => {
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/json", ""]) {
    assert.ok(
      told(type, "id=' or 1=1 --\0").some((text) => text.includes("' or 1=1 --\0")),
      type,
    );
  }
});
