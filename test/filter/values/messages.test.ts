import assert from "node:assert/strict";
import { test } from "node:test";
import { loadCore } from "../../../scripts/core.ts";

const core = await loadCore();
const HTTP = "application/http";
const MAIL = "message/rfc822";

function told(contentType: string, body: string): string[] {
  const headers = [["content-type", contentType] as const];
  const request = { method: "POST", path: "/", headers, body: Buffer.from(body, "latin1") };
  return (core.values([request])[0] ?? [])
    .filter(({ component }) => component === "body")
    .map(({ label, forms }) => `${label} = ${Buffer.from(forms.at(-1)?.bytes ?? []).toString("latin1")}`);
}

const lines = (...all: readonly string[]) => all.join("\r\n");
const whole = (body: string) => `body = ${body.replace(/\s+/g, " ")}`;

test("a message of HTTP: its target, the headers worth scoring, and its body by its type", () => {
  const message = lines(
    "PATCH Customers('7')?$filter=Price%20gt%2051 HTTP/1.1",
    "Accept: application/json",
    "COOKIE: a=b'c",
    "User-Agent: some agent",
    "X-Postern-Route: ' or 1",
    "If-Match: ' or 1=1",
    "Content-Type: application/json; charset=utf-8",
    "Content-Length: 9",
    "",
    '{"q":"y"}',
  );
  const expected = [
    "path:0 = Customers('7')",
    "query-name:0 = $filter",
    "query:$filter = Price gt 51",
    "cookie:a = b'c",
    "header:User-Agent = some agent",
    "header:X-Postern-Route = ' or 1",
    "header:If-Match = ' or 1=1",
    "json:/q = y",
  ];
  for (const type of [HTTP, "Message/HTTP; version=1.1"]) assert.deepEqual(told(type, message), expected, type);
});

test("targets with a whole URL, with spaces, and without a version", () => {
  assert.deepEqual(told(HTTP, "GET https://a.test/b?c=d%27 HTTP/1.1\r\n\r\n"), [
    "header:target = /b",
    "header:target = d'",
  ]);
  assert.deepEqual(told(HTTP, "GET /a?b=c d HTTP/1.0\r\n"), ["path:0 = a", "query:b = c d"]);
  assert.deepEqual(told(HTTP, "DELETE /a/..%2fb"), ["path:0 = a", "path:1 = ../b", "path = /a/../b"]);
});

test("a batch with a change set: parts of parts that are messages, and their bodies", () => {
  const http = lines("Content-Type: application/http", "Content-Transfer-Encoding: binary", "Content-ID: 1", "", "");
  const post = lines("POST A HTTP/1.1", "Content-Type: application/x-www-form-urlencoded", "", "b=%3Cc%3E");
  const set = lines("--Y", `${http}${post}`, "--Y--", "");
  const batch = lines(
    "--X",
    `${http}GET /d?e=f HTTP/1.1`,
    "",
    "",
    "--X",
    "Content-Type: multipart/mixed; boundary=Y",
    "",
    `${set}--X--`,
    "",
  );
  assert.deepEqual(told("multipart/mixed; boundary=X", batch), [
    "path:0 = d",
    "query:e = f",
    "path:0 = A",
    "form:b = <c>",
  ]);
});

const head = "POST /a HTTP/1.1\r\nA: b\r\n";
for (const [what, body] of [
  ["no request line", "' or 1=1 --"],
  ["a method that is none", "sel' /a HTTP/1.1\r\n\r\n"],
  ["a target that is none", "GET a\r\n\r\n"],
  ["a response", "HTTP/1.1 200 OK\r\n\r\n"],
  ["bare line feeds", `${head}\r\nx`.replaceAll("\r\n", "\n")],
  ["a folded header", `${head} c\r\n\r\nx`],
  ["a header that is none", `${head}' or 1=1\r\n\r\nx`],
  ["a long name", `${head}${"a".repeat(65)}: b\r\n\r\nx`],
  ["two types", `${head}Content-Type: a/b\r\ncontent-type: c/d\r\n\r\nx`],
  ["a coded body", `${head}Content-Encoding: gzip\r\n\r\nx`],
  ["a body in chunks", `${head}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n`],
] as const) {
  test(`what says to be a message of HTTP, with ${what}, is text`, () => {
    assert.ok(told(HTTP, body).includes(whole(body)), told(HTTP, body).join("\n"));
  });
}

test("a message of mail: fields that are more than tokens, dates and identifiers, and the content", () => {
  const message = lines(
    "From: =?utf-8?Q?M=C3=A4rz?= <a@b.test>",
    "To: c@d.test",
    "Date: Tue, 03 Mar 2026 10:22:31 GMT",
    "Message-ID: <1-2@b.test>",
    "Content-Type: text/plain",
    "Content-Transfer-Encoding: quoted-printable",
    "",
    "that it=27s",
  );
  assert.deepEqual(told(MAIL, message), [
    "header:From = M\xc3\xa4rz <a@b.test>",
    "body = that it=27s",
    "body = that it's",
  ]);
  assert.deepEqual(told(MAIL, "' or 1=1"), ["body = ' or 1=1"]);
  const parts = lines("--X", "Content-Type: application/json", "", '{"q":"y"}', "--X--", "");
  assert.deepEqual(told(MAIL, `Subject: a\r\nContent-Type: multipart/mixed; boundary=X\r\n\r\n${parts}`), [
    "json:/q = y",
  ]);
});

test("a field of a form is the text that it is, whatever message it says to be; a file is read as one", () => {
  const message = "A /\r\nSet-Cookie: a=b\r\n\r\nx";
  const form = (more: string, type: string) =>
    told(
      "multipart/form-data; boundary=X",
      lines(
        "--X",
        `Content-Disposition: form-data; name="f"${more}`,
        `Content-Type: ${type}`,
        "",
        message,
        "--X--",
        "",
      ),
    );
  for (const type of [HTTP, MAIL]) assert.deepEqual(form("", type), [whole(message).replace("body", "form:f")], type);
  assert.deepEqual(form('; filename="g"', HTTP), ["file-name:f = g", "header:Set-Cookie = a=b", "body = x"]);
});

test("messages within messages are looked into as deep as a batch goes, and text from there on", () => {
  const nested = Array.from({ length: 9 }).reduce<string>(
    (inner) => `GET /a HTTP/1.1\r\nContent-Type: application/http\r\n\r\n${inner}`,
    "<script>alert(1)</script>",
  );
  const values = told(HTTP, nested);
  assert.equal(values.filter((value) => value === "path:0 = a").length, 4);
  assert.ok(values.at(-1)?.includes("<script>alert(1)</script>"));
});
