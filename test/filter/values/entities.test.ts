import assert from "node:assert/strict";
import { test } from "node:test";
import { type CoreValue, loadCore } from "../../../scripts/core.ts";

const core = await loadCore();
const MIXED = "multipart/mixed; boundary=XbX";

function valuesOf(contentType: string, body: string): readonly CoreValue[] {
  const headers = contentType ? [["content-type", contentType] as const] : [];
  const request = { method: "POST", path: "/", headers, body: Buffer.from(body, "latin1") };
  return (core.values([request])[0] ?? []).filter(({ component }) => component === "body");
}

function told(contentType: string, body: string): string[] {
  return valuesOf(contentType, body).map(
    ({ label, forms }) => `${label} = ${Buffer.from(forms.at(-1)?.bytes ?? []).toString("latin1")}`,
  );
}

/** Each part: its header lines, and its content. */
function multipart(parts: readonly (readonly [headers: string, content: string])[], boundary = "XbX"): string {
  return `${parts.map(([headers, content]) => `--${boundary}\r\n${headers}\r\n\r\n${content}\r\n`).join("")}--${boundary}--\r\n`;
}

const json = "Content-Type: application/json";
const whole = (body: string) => `body = ${body.replace(/\s+/g, " ")}`;

test("parts of a multipart body that is no form need no name: entities are values by themselves", () => {
  const body = multipart([
    ["Content-Type: text/plain; charset=utf-8", "some text"],
    [`${json}\r\nContent-ID: <1@x.test>\r\nContent-Transfer-Encoding: binary`, '{"q":"y"}'],
    ["Content-Type: image/png\r\nContent-Disposition: inline", "\x89PNG\0' or 1=1 --"],
    ['Content-Disposition: attachment; filename="a.txt"', "of a file"],
    ["X-A: b", "of no type"],
  ]);
  const expected = ["body = some text", "json:/q = y", "file-name: = a.txt", "file: = of a file", "body = of no type"];
  for (const subtype of ["mixed", "Related", "alternative", "digest", "parallel", "report"]) {
    assert.deepEqual(told(`multipart/${subtype} ; boundary="XbX"`, body), expected, subtype);
  }
});

test("of a form, of an unknown multipart type and of none, a part without a name makes the whole a text, too", () => {
  const body = multipart([[json, '{"q":"y"}']]);
  const types = [
    "multipart/form-data",
    "multipart/x-mixed",
    "multipart/form-data, multipart/mixed",
    "multipart/mixedx",
  ];
  for (const type of types) assert.equal(told(`${type}; boundary=XbX`, body).at(-1), whole(body), type);
  const binary = multipart([["Content-Type: image/png", "' or 1=1\0"]]);
  assert.ok(told("multipart/form-data; boundary=XbX", binary).includes("form: = ' or 1=1\0"));
  for (const type of ["", "application/octet-stream"]) assert.equal(told(type, body).at(-1), whole(body), type);
});

test("named parts of any multipart body are fields", () => {
  const body = multipart([['Content-Disposition: form-data; name="a"\r\nContent-Type: image/png', "' or 1=1\0"]]);
  assert.deepEqual(told(MIXED, body), ["form:a = ' or 1=1\0"]);
});

test("an entity of a text's type, or of none, is text whatever bytes are in it", () => {
  const attack = "' or 1=1 --\0";
  for (const head of ["Content-Type: text/plain", "Content-ID: <a@b>"]) {
    assert.deepEqual(told(MIXED, multipart([[head, attack]])), [`body = ${attack}`], head);
  }
});

test("what breaks the grammar of an entity's header is a value, its encoded words undone", () => {
  const name = "=?utf-8?Q?M=C3=A4rz?=";
  const heads = `Content-Type: application/pdf; name="${name}"\r\nContent-Description: ' or 1=1\r\nContent-ID: <script>`;
  assert.deepEqual(told(MIXED, multipart([[heads, "x"]])), [
    'header:Content-Type = application/pdf; name="M\xc3\xa4rz"',
    "header:Content-Description = ' or 1=1",
    "header:Content-ID = <script>",
    "file: = x",
  ]);
});

test("an encoded word is a value as it came where more is in it than an encoding needs", () => {
  const labels = (word: string) => told(MIXED, multipart([[`Subject: a, ${word}`, "x"]])).slice(0, -1);
  assert.deepEqual(labels("=?utf-8?Q?=C3=A4_b?="), ["header:Subject = a, \xc3\xa4 b"]);
  for (const word of ["=?utf-8?Q?' or 1=1?=", "=?' or 1=1?Q?x?=", "=?utf-8?B?../../etc/passwd?="]) {
    assert.ok(labels(word).includes(`header:Subject = a, ${word}`), labels(word).join("\n"));
  }
});
