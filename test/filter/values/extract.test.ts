import assert from "node:assert/strict";
import { test } from "node:test";
import type { CoreValue } from "../../../scripts/core.ts";
import { body, told, valuesOf } from "./told-values.ts";

test("path: its segments, and as a whole only where something in it is odd", () => {
  assert.deepEqual(told(valuesOf({ path: "/orders/4711/items.json" })), [
    "path:0 = orders",
    "path:1 = 4711",
    "path:2 = items.json",
  ]);
  assert.deepEqual(told(valuesOf({ path: "/a/%2e%2e/etc" })), [
    "path:0 = a",
    "path:1 = ..",
    "path:2 = etc",
    "path = /a/../etc",
  ]);
  assert.deepEqual(told(valuesOf({ path: "//a/.git" })).at(-1), "path = //a/.git");
  assert.deepEqual(valuesOf({ path: "/" }), []);
});

test("path: a plus stays a plus, a base64 segment is read", () => {
  const segment = Buffer.from("' or 1=1 --").toString("base64url");
  assert.deepEqual(told(valuesOf({ path: `/a+b/${segment}` })).slice(0, 2), ["path:0 = a+b", "path:1 = ' or 1=1 --"]);
});

test("query: values, parts without `=`, and names that are not plain", () => {
  assert.deepEqual(told(valuesOf({ path: "/?q=a+b%26c&flag&user[$ne]=1&empty=&x=1;cat /etc" })), [
    "query:q = a b&c",
    "query: = flag",
    "query-name:2 = user[$ne]",
    "query:user[$ne] = 1",
    "query-name:3 = empty",
    "query:x = 1;cat /etc",
  ]);
});

test("query: base64 that only looks like a name", () => {
  const encoded = Buffer.from("<svg onload=alert(1)>").toString("base64");
  const plain = Buffer.from("<svg onload=alert(1) >").toString("base64");
  assert.deepEqual(told(valuesOf({ path: `/?${encoded}` })), ["query: = <svg onload=alert(1)>"]);
  assert.equal(told(valuesOf({ path: `/?${plain}` }))[0], "query-name:0 = <svg onload=alert(1) >");
});

test("cookies: each value alone, quotes taken off; every cookie field", () => {
  const headers = [
    ["cookie", 'theme=dark; id="a%27b"; flag; x y=1'],
    ["cookie", "second=2"],
  ] as const;
  assert.deepEqual(told(valuesOf({ headers })), [
    "cookie:theme = dark",
    "cookie:id = a'b",
    "cookie: = flag",
    "cookie-name:3 = x y",
    "cookie:x y = 1",
    "cookie:second = 2",
  ]);
});

test("headers: of a signed token its header, and nothing else", () => {
  for (const scheme of ["Bearer", "DPoP", "JWT"]) {
    const headers = [["authorization", `${scheme} eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln`]] as const;
    assert.deepEqual(told(valuesOf({ headers })), ['header:authorization = {"alg":"RS256"}']);
  }
  const spaced = Buffer.from(' {"alg":"RS256"}').toString("base64url");
  const headers = [["authorization", `Bearer ${spaced}.eyJzdWIiOiJhIn0.c2ln`]] as const;
  assert.match(told(valuesOf({ headers })).join(), /^header:authorization = \s?\{"alg":"RS256"\}$/);
});

test("headers: free text always, those of fixed grammar only where they break it", () => {
  const everyday = [
    ["accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"],
    ["accept-language", "en-US,en;q=0.9"],
    ["authorization", "Bearer q8Zr_Jd0X-2mYvQm1Tn9oWcKp4EuHs7a"],
    ["content-type", 'multipart/form-data; boundary="----WebKitFormBoundary7MA4YWxkTrZu0gW"'],
    ["if-none-match", 'W/"33a64df551425fcc55e4d42a148795d9f25f89d4"'],
    ["sec-ch-ua", '"Google Chrome";v="147", "Not(A:Brand";v="8"'],
    ["traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
    ["via", "1.1 proxy.example (squid)"],
    ["x-forwarded-for", "203.0.113.7, [2001:db8::1]:443"],
    ["x-postern-subject", "' or 1=1"],
    ["x-request-id", "550e8400-e29b-41d4-a716-446655440000"],
  ] as const;
  assert.deepEqual(valuesOf({ headers: everyday }), []);
  const odd = [
    ["user-agent", "curl/8.5"],
    ["x-api-version", "3"],
    ["x-forwarded-for", "$\u007bjndi:ldap://x}"],
    ["content-type", "%{(#a='multipart/form-data')}"],
    ["accept-language", "../../../etc/passwd"],
    ["authorization", "Basic ' or 1=1"],
  ] as const;
  assert.deepEqual(
    valuesOf({ headers: odd }).map(({ label }) => label),
    odd.map(([name]) => `header:${name}`),
  );
});

test("referer: path and query of a URL; anything else as a whole", () => {
  const referer = (value: string) => told(valuesOf({ headers: [["referer", value]] }));
  assert.deepEqual(referer("https://shop.example:8443/"), []);
  assert.deepEqual(referer("https://shop.example/a%20b?q=x+y&z"), [
    "header:referer = /a b",
    "header:referer = x y",
    "header:referer = z",
  ]);
  assert.deepEqual(referer("http://$\u007bjndi:x}/a"), ["header:referer = http://$\u007bjndi:x}/a"]);
});

test("form", () => {
  const expected = ["form:a = 1", "form:b = <x> y"];
  assert.deepEqual(told(body("application/x-www-form-urlencoded; charset=UTF-8", "a=1&b=%3Cx%3E+y")), expected);
  assert.deepEqual(told(body("", "a=1&b=%3Cx%3E+y")), [...expected, "body = a=1&b=<x>+y"]);
  assert.deepEqual(told(body("application/json", "a=1&b=%3Cx%3E+y")).slice(0, 2), expected);
});

test("form that is none: its parts and the whole", () => {
  assert.deepEqual(told(body("application/x-www-form-urlencoded", '<!ENTITY e SYSTEM "file:///x">')), [
    'form: = <!ENTITY e SYSTEM "file:///x">',
    'body = <!ENTITY e SYSTEM "file:///x">',
  ]);
  assert.deepEqual(told(body("application/x-www-form-urlencoded", '{"q":"a=b"}')).at(-1), "json:/q = a=b");
});

test("JSON: string leaves by their pointer, names that are not plain, no numbers", () => {
  const text = JSON.stringify({
    items: [{ note: Buffer.from("<script>alert(1)").toString("base64"), count: 3 }, "second"],
    $where: "this.a == 1",
    "a/b~c": true,
    deep: { list: [[], ["x"], null, ["y"]] },
  });
  const expected = [
    "json:/items/0/note = <script>alert(1)",
    "json:/items/1 = second",
    "json-name:3 = $where",
    "json:/$where = this.a == 1",
    "json-name:4 = a/b~c",
    "json:/deep/list/1/0 = x",
    "json:/deep/list/3/0 = y",
  ];
  assert.deepEqual(told(body("application/json", text)), expected);
  assert.deepEqual(told(body("application/vnd.api+json", text)), expected);
  assert.deepEqual(told(body("text/plain", `\ufeff ${text}`)), expected);
});

test("JSON: escapes are the container's decoding", () => {
  const [value] = body("application/json", '{"q":"\\u003cscript\\u003e\\n"}');
  assert.deepEqual(value?.forms[0]?.decodings, ["unicode-escape"]);
  assert.equal(Buffer.from(value?.forms[0]?.bytes ?? []).toString(), "<script>\n");
});

test("broken JSON: what was found, what stands in quotes behind the fault, and the raw text", () => {
  assert.deepEqual(told(body("application/json", '{"a":"x", b: "\\u003cy"}')), [
    "json:/a = x",
    "json: = <y",
    'body = {"a":"x", b: "<y"}',
  ]);
  assert.deepEqual(told(body("application/json", "[".repeat(100))), [`body = ${"[".repeat(100)}`]);
});

test("text and unknown types as one text", () => {
  assert.deepEqual(told(body("text/html", "<a>&lt;b</a>")), ["body = <a><b</a>"]);
  assert.deepEqual(told(body("image/png", "\x89PNG x")), ["body = \x89PNG x"]);
  assert.deepEqual(told(body("multipart/form-data; boundary=x", "--x\r\ny")), ["body = --x y"]);
  assert.deepEqual(body("text/plain", "  "), []);
});

test("JSON as lenient readers take it: comments, other quotes, trailing junk, any depth", () => {
  const encoded = Buffer.from("<script>alert(1)").toString("base64");
  const deep = `${"[".repeat(10_000)}"${encoded}"${"]".repeat(10_000)}`;
  for (const text of [
    `{"a":1, /* x */ 'b': '${encoded}'}`,
    `{"a":1} trailing "${encoded}"`,
    `{a: \`${encoded}\`}`,
    deep,
  ]) {
    assert.ok(told(body("application/json", text)).includes("json: = <script>alert(1)"), text.slice(0, 40));
  }
  assert.deepEqual(told(body("text/plain", "[1] don't 'mind' it")), ["body = [1] don't 'mind' it"]);
});

test("JSON: duplicate names, and texts that follow each other", () => {
  assert.deepEqual(told(body("application/json", '{"a":"x","a":"y"}')), ["json:/a = x", "json:/a = y"]);
  const expected = ["json:/a = x", "json: = y", "json:/0 = z"];
  assert.deepEqual(told(body("application/x-ndjson", '{"a":"x"}\n"y"\r\n3\n["z"]\n')), expected);
  assert.deepEqual(told(body("application/json-seq", '\x1e{"a":"x"}\n\x1e"y"\n\x1e["z"]\n')), expected);
});

test("GraphQL: strings by their argument, comments, names that are not plain; the whole too", () => {
  const document = 'query { u: user(id: "\\u003cx", note: """it\'s "y" """) { name } } # z';
  const expected = ["graphql:id = <x", 'graphql:note = it\'s "y" ', "graphql: =  z"];
  const whole = `query { u: user(id: "<x", note: """it's "y" """) { name } } # z`;
  assert.deepEqual(told(body("application/graphql", document)), [...expected, `body = ${whole}`]);
  assert.deepEqual(told(body("application/json", JSON.stringify({ query: document }))), [
    `json:/query = ${whole}`,
    ...expected,
  ]);
  assert.deepEqual(told(valuesOf({ path: `/?query=${encodeURIComponent(document)}` })).slice(-3), expected);
  const name = Buffer.from("<script>alert(1)</script>").toString("base64url");
  assert.ok(told(body("application/graphql", `{ ${name}: a }`)).includes("graphql-name:0 = <script>alert(1)</script>"));
  assert.deepEqual(told(valuesOf({ path: "/?query=green+%22tea%22" })), ['query:query = green "tea"']);
});

test("path parameters: names that are not plain, and values", () => {
  assert.deepEqual(told(valuesOf({ path: "/a;v=1.2;x$=%3Cb%3E;flag" })), [
    "path:0 = a;v=1.2;x$=<b>;flag",
    "path-parameter:v = 1.2",
    "path-parameter:1 = x$",
    "path-parameter:x$ = <b>",
    "path-parameter: = flag",
  ]);
});

test("parameters that come more than once are given joined as well", () => {
  assert.deepEqual(told(valuesOf({ path: "/?a=un/*&b=1&a=*/ion%3B&a=2" })), [
    "query:a = un/*",
    "query:b = 1",
    "query:a = */ion;",
    "query:a = 2",
    "query:a = un ion;,2",
  ]);
  const values = valuesOf({ path: `/?${"a=1&b=2&".repeat(200)}` });
  assert.equal(values.length, 400, "lists of words and numbers are not");
});

test("ranges are of the raw bytes in their component", () => {
  const path = "/a%20b/c?q=%3Cx%3E&y=2";
  const text = '{"n":[{"k":"v\\u0041w"}]}';
  const referer = "https://h.example/p%41?z=1%27";
  const sources = { path: "/a%20b/c", query: "q=%3Cx%3E&y=2", header: referer, body: text };
  const raw = valuesOf({ path, headers: [["referer", referer]], body: Buffer.from(text) }).map(
    ({ label, component, start, end }) => `${label} = ${sources[component].slice(start, end)}`,
  );
  assert.deepEqual(raw, [
    "path:0 = a%20b",
    "path:1 = c",
    "path = /a%20b/c",
    "query:q = %3Cx%3E",
    "query:y = 2",
    "header:referer = /p%41",
    "header:referer = 1%27",
    "json:/n/0/k = v\\u0041w",
  ]);
});

test("labels are printable ASCII of at most 96 bytes", () => {
  const [value] = valuesOf({ path: `/?${"n".repeat(60)}%00\xe9\x01${"n".repeat(80)}=1` }).slice(-1);
  assert.equal(value?.label.length, 96);
  assert.match(value?.label ?? "", /^query:n{60}%00\?\?\?n+$/);
  const deep = JSON.stringify(Array.from({ length: 60 }).reduce<unknown>((inner) => ({ key: inner }), "leaf"));
  assert.equal(body("application/json", deep)[0]?.label.length, 96);
});

test("every value names its kind and its component", () => {
  const head = valuesOf({
    path: "/a/b'c?q=1&n[]=2",
    headers: [
      ["cookie", "c d=1"],
      ["x-any", "1"],
    ],
  });
  const kinds = (values: readonly CoreValue[]) => [
    ...new Set(values.map(({ kind, component }) => `${component} ${kind}`)),
  ];
  assert.deepEqual(kinds(head), [
    "path path-segment",
    "path path",
    "query query-value",
    "query query-name",
    "header cookie-name",
    "header cookie-value",
    "header header",
  ]);
  assert.deepEqual(kinds(body("application/x-www-form-urlencoded", "a[]=1")), ["body form-name", "body form-value"]);
  assert.deepEqual(kinds(body("application/json", '{"$a":"b"}')), ["body json-name", "body json-string"]);
  assert.deepEqual(kinds(body("", "x y")), ["body text"]);
});

test("a plus is told among the decodings", () => {
  const [value] = valuesOf({ path: "/?q=a+%2541" });
  assert.deepEqual(
    value?.forms.map(({ decodings }) => decodings.join(" ")),
    ["plus percent", "plus percent percent"],
  );
});
