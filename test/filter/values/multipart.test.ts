import assert from "node:assert/strict";
import { test } from "node:test";
import { type CoreValue, loadCore } from "../../../scripts/core.ts";

const core = await loadCore();
const TYPE = "multipart/form-data; boundary=XbX";

function valuesOf(contentType: string, body: string | Uint8Array): readonly CoreValue[] {
  const headers = contentType ? [["content-type", contentType] as const] : [];
  return core.values([{ method: "POST", path: "/", headers, body: Buffer.from(body as string, "latin1") }])[0] ?? [];
}

function told(contentType: string, body: string): string[] {
  return valuesOf(contentType, body)
    .filter(({ component }) => component === "body")
    .map(({ label, forms }) => `${label} = ${Buffer.from(forms.at(-1)?.bytes ?? []).toString("latin1")}`);
}

/** Each part: its header lines, and its content. */
function multipart(parts: readonly (readonly [headers: string, content: string])[], boundary = "XbX"): string {
  return `${parts.map(([headers, content]) => `--${boundary}\r\n${headers}\r\n\r\n${content}\r\n`).join("")}--${boundary}--\r\n`;
}

const field = (name: string, more = "") => `Content-Disposition: form-data; name="${name}"${more}`;
const PNG = `\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0' or 1=1 --\0\xff${"\0\x91\xfe\x07".repeat(40)}`;

test("fields by their name, file names, and the text of files; no headers and no boundaries", () => {
  const body = multipart([
    [field("title"), "My' holiday"],
    [
      `${field("file", '; filename="a b.txt"')}\r\nContent-Type: text/plain; charset=utf-8`,
      "some text\r\nof two lines",
    ],
    [field("user[$ne]"), ""],
  ]);
  const expected = [
    "form:title = My' holiday",
    "file-name:file = a b.txt",
    "file:file = some text of two lines",
    "form-name:2 = user[$ne]",
  ];
  assert.deepEqual(told(TYPE, body), expected);
  assert.deepEqual(told('Multipart/Form-Data ; charset=utf-8; Boundary = "XbX"', body), expected);
  assert.deepEqual(told("", body), expected);
});

test("file names in their extended form", () => {
  const body = multipart([[field("f", "; filename=\"x.txt\"; filename*=UTF-8''%3Cscript%3E.txt"), "y"]]);
  assert.deepEqual(told(TYPE, body), ["file-name:f = x.txt", "file-name:f = <script>.txt", "file:f = y"]);
});

test("a binary file gives its file name and its long runs of text only", () => {
  const long = "<script>alert(document.cookie)</script>";
  const file = (content: string) =>
    multipart([[`${field("f", '; filename="a.png"')}\r\nContent-Type: image/png`, content]]);
  assert.deepEqual(told(TYPE, file(PNG)), ["file-name:f = a.png"]);
  assert.deepEqual(told(TYPE, file(`${PNG}${long}\0`)), ["file-name:f = a.png", `file:f = ${long}`]);
});

test("a boundary with spaces, within quotes", () => {
  const body = multipart([[field("a"), "\0'"]], "a b");
  assert.deepEqual(told('multipart/form-data; boundary="a b"', body), ["form:a = \0'"]);
});

test("a field that is no file is text, even with a NUL: an application takes it as it is", () => {
  const body = multipart([[`${field("id")}\r\nContent-Type: image/png`, "' or 1=1 --\0\xff"]]);
  assert.deepEqual(told(TYPE, body), ["form:id = ' or 1=1 --\0\xff"]);
});

test("what not every application takes for a file is read as a field", () => {
  const content = "\xff\x01;cat /etc/passwd;\x01";
  for (const more of ['; filename=""', "; filename=", "; filename*=UTF-8''a", "; filename=\"\"; filename*=UTF-8''a"]) {
    for (const type of ["", "\r\nContent-Type: application/octet-stream"]) {
      const values = told(TYPE, multipart([[`${field("q", more)}${type}`, content]]));
      assert.equal(values.at(-1), `form:q = ${content}`, more);
    }
  }
});

test("a part of a known type is read as a body of it, one that is no file as the text that it is, too", () => {
  const inner = multipart([[field("a"), "b"]], "YbY");
  const body = multipart([
    [`${field("j")}\r\nContent-Type: application/json`, '{"q":"\\u003cx"}'],
    [`${field("f")}\r\nContent-Type: application/x-www-form-urlencoded`, "a=%3Cb%3E"],
    [`${field("x", '; filename="a.svg"')}\r\nContent-Type: image/svg+xml`, "<svg onload='y(1)'/>"],
    [`${field("m")}\r\nContent-Type: multipart/mixed; boundary=YbY`, inner],
  ]);
  assert.deepEqual(told(TYPE, body), [
    "json:/q = <x",
    'form:j = {"q":"<x"}',
    "form:a = <b>",
    "form:f = a=<b>",
    "file-name:x = a.svg",
    "xml:onload = y(1)",
    "form:a = b",
    'form:m = --YbY Content-Disposition: form-data; name="a" b --YbY-- ',
  ]);
});

test("files in a part of several need no name, and parts are looked for two levels deep", () => {
  const innermost = multipart([[field("a"), "b"]], "ZbZ");
  const inner = multipart(
    [
      ['Content-Disposition: file; filename="a\'.txt"', "x"],
      ["Content-Disposition: attachment; filename=b\r\nContent-Type: application/json", '{"q":"y"}'],
      ['Content-Disposition: form-data; name="c"\r\nContent-Type: multipart/mixed; boundary=ZbZ', innermost],
    ],
    "YbY",
  );
  const body = multipart([[`${field("m")}\r\nContent-Type: multipart/mixed; boundary=YbY`, inner]]);
  assert.deepEqual(told(TYPE, body), [
    "file-name: = a'.txt",
    "file: = x",
    "file-name: = b",
    "json:/q = y",
    `body = ${innermost.replace(/\s+/g, " ")}`,
    `form:c = ${innermost.replace(/\s+/g, " ")}`,
    `form:m = ${inner.replace(/\s+/g, " ")}`,
  ]);
});

test("a multipart body that is declared as something unknown is taken apart, and given whole too", () => {
  const body = multipart([[`${field("a")}\r\nContent-Transfer-Encoding: base64`, "JyBvciAx"]]);
  const values = told("application/octet-stream", body);
  assert.deepEqual(values.slice(0, 2), ["form:a = ' or 1", "form:a = JyBvciAx"]);
  assert.match(values[2] ?? "", /^body = --XbX/);
});

test("encoded words in names", () => {
  const name = (text: string) => told(TYPE, multipart([[field("f", `; filename="${text}"`), ""]]))[0];
  assert.equal(name("=?utf-8?B?PHNjcmlwdD4=?="), "file-name:f = <script>");
  assert.equal(name("=?ISO-8859-1?q?=3Csc?= =?utf-8?Q?ript=3E_x?=.txt"), "file-name:f = <script> x.txt");
  assert.equal(name("=?utf-8?x?a?= =?b"), "file-name:f = =?utf-8?x?a?= =?b");
});

test("transfer encodings of parts are undone", () => {
  const json = Buffer.from('{"q":"a b"}').toString("base64");
  const body = multipart([
    [`${field("a")}\r\nContent-Transfer-Encoding: quoted-printable`, "=3Cscript=3E x=\r\ny"],
    [`${field("b")}\r\nContent-Transfer-Encoding: BASE64`, Buffer.from("' or 1").toString("base64")],
    [`${field("c")}\r\nContent-Type: application/json\r\nContent-Transfer-Encoding: base64`, json],
    [`${field("d")}\r\nContent-Transfer-Encoding: 8bit`, "x"],
  ]);
  assert.deepEqual(
    told(TYPE, body).filter((value) => !/3C|JyB|\{/.test(value)),
    ["form:a = <script> xy", "form:b = ' or 1", "json:/q = a b", "form:d = x"],
  );
});

const good = multipart([[field("a"), "x"]]);
const malformed: [what: string, body: string, contentType?: string][] = [
  ["that does not end", good.slice(0, -6)],
  ["with another boundary", good, "multipart/form-data; boundary=other"],
  ["without a boundary", good.replace("--XbX", "x"), "multipart/form-data"],
  ["with two boundaries", good, "multipart/form-data; boundary=XbX; boundary=evil"],
  ["with bare line feeds", good.replaceAll("\r\n", "\n")],
  ["with bare carriage returns", `${good.slice(0, -11)}\r--XbX\r${good.slice(-11)}`],
  ["with a longer boundary line", good.replace("x\r\n", "x\r\n--XbXy\r\n")],
  ["with a folded header", good.replace("; name", ";\r\n name")],
  ["with a header that is none", good.replace("\r\n\r\n", "\r\n' or 1=1\r\n\r\n")],
  ["with an attack in a header", good.replace("\r\n\r\n", "\r\nContent-Type: ' or 1=1\r\n\r\n")],
  ["with two names", good.replace('name="a"', 'name="a"; name="b"')],
  ["with two dispositions", good.replace("\r\n\r\n", `\r\n${field("b")}\r\n\r\n`)],
  ["with a name in pieces", good.replace('name="a"', "name*0=a")],
  ["with a quote that does not end", good.replace('name="a"', 'name="a')],
  ["without a name", good.replace('; name="a"', "")],
  ["without a disposition", good.replace(/Content-Disposition.*\r\n/, "")],
  ["without an empty line", good.replace("\r\n\r\nx", "")],
];

for (const [what, body, contentType] of malformed) {
  test(`malformed: ${what}: the raw text too`, () => {
    assert.equal(told(contentType ?? TYPE, body).at(-1), `body = ${body.replace(/\s+/g, " ")}`);
  });
}

test("what stands before and after the parts is text", () => {
  assert.deepEqual(told(TYPE, `before\r\n${good}after`), ["body = before", "form:a = x", "body = after"]);
});

test("a character set that hides ASCII in a part makes the body one that was not inspected; wide ones are read", () => {
  const part = (headers: string, content: string) => told(TYPE, multipart([[headers, content]]));
  const wide = (text: string) => Buffer.from(text, "utf16le").toString("latin1");
  assert.deepEqual(part(`${field("a")}\r\nContent-Type: text/plain; charset = "ibm037"`, "abc"), []);
  assert.deepEqual(part(field("_charset_"), "utf-16"), []);
  assert.deepEqual(part(field("_charset_"), "UTF-8"), ["form:_charset_ = UTF-8"]);
  assert.ok(part(`${field("a")}\r\nContent-Type: text/plain; charset=utf-16le`, wide("<b>")).includes("form:a = <b>"));
  const xml = wide('\ufeff<?xml version="1.0" encoding="utf-16"?><a>b</a>');
  assert.equal(part(`${field("a")}\r\nContent-Type: text/xml`, xml)[0], "xml:a = b");
});

test("what a part's head says of its content is not what every application reads: it is looked at as it came, too", () => {
  const attack = "1' or 1=1 --";
  const heads = [
    "Content-Transfer-Encoding: base64",
    "Content-Transfer-Encoding: quoted-printable",
    "Content-Type: text/plain; charset=utf-16",
    "Content-Type: application/json; charset=utf-32be",
  ];
  for (const head of heads) {
    for (const disposition of [field("a"), field("a", '; filename="n.txt"')]) {
      const values = told(TYPE, multipart([[`${disposition}\r\n${head}`, attack]]));
      assert.ok(
        values.some((value) => value.includes(attack)),
        `${disposition} ${head}: ${values.join("\n")}`,
      );
    }
  }
  const inner = ["application/json; charset=utf-16", "multipart/mixed", "text/xml; charset=utf-16"];
  for (const type of inner) {
    const values = told(TYPE, multipart([[`${field("a")}\r\nContent-Type: ${type}`, `x\0${attack}\0\0\0y\0`]]));
    assert.ok(
      values.some((value) => value.includes(attack)),
      `${type}: ${values.join("\n")}`,
    );
  }
});

test("the type of a field that is no file hides nothing of its text", () => {
  const part = "--z\r\nContent-Type: application/octet-stream\r\n\r\n\xff\x01;cat /etc/passwd;\x01\r\n--z--";
  for (const [type, content] of [
    ["text/xml", `<svg onload="f()"/>`],
    ["multipart/mixed; boundary=z", part],
  ]) {
    const values = valuesOf(TYPE, multipart([[`${field("q")}\r\nContent-Type: ${type}`, content as string]]));
    const raw = values.find(({ label }) => label === "form:q")?.forms[0]?.bytes ?? [];
    assert.equal(Buffer.from(raw).toString("latin1"), content);
  }
});

test("encoded words in names, undone and as they came", () => {
  const word = "=?utf-8?B?' or 1=1 --?=";
  const values = told(
    TYPE,
    multipart([
      [field(word), "x"],
      [field("f", `; filename="${word}"`), "y"],
      [field("g", '; filename="=?utf-8?B?PGI+?="'), "z"],
    ]),
  );
  assert.ok(values.includes(`form-name:0 = ${word}`), values.join("\n"));
  assert.ok(values.includes(`file-name:f = ${word}`), values.join("\n"));
  assert.ok(values.includes("file-name:g = <b>"), values.join("\n"));
});

test("ranges are of the raw body", () => {
  const body = `${multipart([
    [field("a", '; filename="n.txt"'), "some%20text"],
    [`${field("j")}\r\nContent-Type: application/json`, '{"q":"leaf"}'],
    [`${field("b")}\r\nContent-Transfer-Encoding: base64`, "JyBvciAx"],
  ])}`;
  const raw = valuesOf(TYPE, body).map(({ start, end }) => body.slice(start, end));
  assert.deepEqual(raw, ["n.txt", "some%20text", "leaf", '{"q":"leaf"}', "JyBvciAx", "JyBvciAx"]);
});

test("a flood of parts hides nothing", () => {
  const parts = Array.from({ length: 900 }, (_, i) => [field(`f${i}`), "v"] as const);
  const values = valuesOf(TYPE, multipart([...parts, [field("z"), "<script>alert(1)</script>"]]));
  assert.ok(values.length <= 512);
  assert.ok(values.some(({ forms }) => forms.some(({ bytes }) => Buffer.from(bytes).includes("<script>alert(1)"))));
});
