import assert from "node:assert/strict";
import { test } from "node:test";
import { type CoreValue, loadCore } from "../../../scripts/core.ts";

const core = await loadCore();
const SCRIPT = "<script>alert(1)</script>";

function fileValue(file: string): CoreValue {
  const body = Buffer.from(JSON.stringify({ file }));
  const headers = [["content-type", "application/json"]] as const;
  const values = core.values([{ method: "POST", path: "/", headers, body }])[0] ?? [];
  return values.find(({ label }) => label === "json:/file") as CoreValue;
}

const textsOf = (value: CoreValue) => value.forms.map(({ bytes }) => Buffer.from(bytes).toString("latin1"));
const urlOf = (head: string, content: string | Buffer) => head + Buffer.from(content).toString("base64");

test("a file that a browser hands over as a data: URL of text is judged by what it holds", () => {
  for (const head of ["data:text/csv;base64,", "data:text/plain;base64,", "DATA:text/plain;charset=utf-8;Base64,"]) {
    const value = fileValue(urlOf(head, "name;city\r\nAnna;Paris\r\n"));
    assert.equal(textsOf(value)[0], "name;city\r\nAnna;Paris\r\n");
    assert.ok(textsOf(value).every((text) => !text.toLowerCase().includes("data:")));
    const end = 9 + urlOf(head, "name;city\r\nAnna;Paris\r\n").length;
    assert.deepEqual([value.start, value.end], [9 + head.length, end]);
    assert.ok(textsOf(fileValue(urlOf(head, SCRIPT))).includes(SCRIPT));
  }
});

test("what is no text stays the digits that it is", () => {
  const binary = Buffer.from(Array.from({ length: 600 }, (_, index) => (index * index * 7 + index * 13) & 255));
  assert.equal(textsOf(fileValue(urlOf("data:text/csv;base64,", binary)))[0], binary.toString("base64"));
});

test("a head that is run, or is more than a head, is judged with its content", () => {
  for (const head of [
    "data:text/html;base64,",
    "data:image/svg+xml;base64,",
    "data:text/plain;x=<svg onload=alert(1)>;base64,",
    "data:text/plain,x;base64,",
    "xdata:text/plain;base64,",
  ]) {
    const texts = textsOf(fileValue(urlOf(head, SCRIPT)));
    assert.ok(texts[0]?.startsWith(head), head);
    assert.ok(texts.includes(head + SCRIPT), head);
  }
});
