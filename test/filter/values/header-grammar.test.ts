import assert from "node:assert/strict";
import { test } from "node:test";
import { loadCore } from "../../../scripts/core.ts";

const core = await loadCore();

function isValue(name: string, value: string): boolean {
  return (core.values([{ method: "GET", path: "/", headers: [[name, value]] }])[0] ?? []).length > 0;
}

const names = (
  "accept accept-encoding accept-language authorization content-disposition content-language content-range content-type " +
  "date forwarded from host if-modified-since if-none-match if-range max-forwards origin priority range sec-ch-ua " +
  "sec-fetch-dest sec-fetch-mode sec-fetch-site te traceparent tracestate upgrade via warning x-b3-traceid " +
  "x-forwarded-for x-forwarded-host x-forwarded-proto x-real-ip x-request-id x-requested-with"
).split(" ");
const attacks = [
  '" OR 1=1 -- a',
  "1 OR 1=1 UNION SELECT 1,2,3 FROM users",
  '"1 OR 1=1 UNION SELECT 1,2,3 FROM users"',
  "%27%20UNION%20SELECT%20password",
  "%60id%60",
  "1/**/OR/**/1=1",
  "../../etc/passwd",
  "/etc/passwd",
  "a&b",
  "x;cat /etc/passwd",
];

for (const name of names) {
  test(`${name}: attacks are values`, () => {
    assert.deepEqual(
      attacks.filter((attack) => !isValue(name, attack)),
      [],
    );
  });
}

test("x-forwarded-client-cert: what is no list of pairs is a value", () => {
  const values = [
    ";cat /etc/passwd",
    "1 union select pass from users--",
    "By=a;cat /etc/passwd",
    "By=a;Subject=CN=a b",
    "By=a,union select",
    'Subject="a;cat /etc/passwd"',
    'By=a;Subject="CN=a b',
    "a",
    "By=a;",
  ];
  for (const value of values) assert.ok(isValue("x-forwarded-client-cert", value), value);
});

test("sec-*: no attack is taken for a brand", () => {
  const values = [
    '";cat /etc/passwd"',
    '"1)union select pass from users#"',
    '"1 or sleep(5)"',
    '"a (select b)"',
    '"a (20211)"',
    '"1 or 1=1"',
    '"a ()"',
    '"a (1"',
  ];
  for (const name of ["sec-ch-ua-model", "sec-ch-ua-platform", "sec-foo", "sec-gpc", "sec-fetch-mode"]) {
    assert.deepEqual(
      values.filter((value) => !isValue(name, value)),
      [],
      name,
    );
  }
  assert.ok(isValue("sec-foo", '"cat passwd"'));
  assert.ok(isValue("sec-gpc", "?2"));
});

const real: [name: string, ...values: string[]][] = [
  ["accept", "*/*", "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "application/signed-exchange;v=b3;q=0.7"],
  ["accept", 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"', "application/vnd.api+json"],
  ["accept-language", "en-US,en;q=0.9", "de_DE", "*", "zh-Hans-CN, zh;q=0.8 ,en; q=0.1"],
  ["accept-encoding", "gzip, deflate, br, zstd", "identity;q=1, *;q=0"],
  ["authorization", "Bearer a.b-c_d~e+f/g==", `Basic ${Buffer.from("user:Pa55!word#").toString("base64")}`],
  ["authorization", "AWS4-HMAC-SHA256 Credential=AK/2013/s3/aws4_request, SignedHeaders=host;range, Signature=fe5f"],
  ["cache-control", "max-age=0", "no-cache, no-store"],
  ["connection", "keep-alive, Upgrade, HTTP2-Settings"],
  ["content-disposition", 'attachment; filename="report-2024.pdf"', "inline; filename*=UTF-8''na%C3%AFve.txt"],
  ["content-range", "bytes 0-1023/146515", "bytes */100"],
  ["content-type", "application/json;charset=utf-8", 'multipart/mixed; boundary="===============12=="'],
  ["content-digest", "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"],
  ["date", "Sun, 06 Nov 1994 08:49:37 GMT"],
  ["forwarded", 'for="[2001:db8::1]:443";proto=https;by=203.0.113.43, for=unknown', "for=192.0.2.60;host=a.example"],
  ["from", "user@example.org"],
  ["host", "shop.example:8443", "[::1]:80", "a_b.internal"],
  ["if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"],
  ["if-none-match", 'W/"67ab43", "xyzzy--gzip"', "*", '"a/b+c=:1;br"', '""'],
  ["if-range", '"xyzzy"', "Sun, 06 Nov 1994 08:49:37 GMT"],
  ["keep-alive", "timeout=5, max=100"],
  ["max-forwards", "10"],
  ["origin", "null", "https://shop.example:8443", "chrome-extension://abcdefghij", "http://[::1]:80"],
  ["priority", "u=0, i"],
  ["range", "bytes=0-499, -500", "bytes=200-"],
  ["sec-ch-ua", '"Google Chrome";v="147", "Not(A:Brand";v="8", " Not A;Brand";v="99", "Not.A/Brand";v="8"'],
  ["sec-ch-ua-mobile", "?0"],
  ["sec-ch-ua-full-version-list", '"Chromium";v="99.0.48.1", " Not A;Brand";v="99.0.0.0", "Not(A:Brand";v="8.0"'],
  ["sec-ch-ua-model", '""', '"moto g power (2021)"', '"SM-G960F"', '"Redmi Note 8 (2021)"', '"Pixel 9 Pro"'],
  ["sec-ch-ua-form-factors", '"Desktop", "XR"'],
  ["sec-ch-prefers-color-scheme", '"dark"', "dark"],
  ["sec-gpc", "1"],
  ["sec-purpose", "prefetch;prerender"],
  ["sec-ch-ua-platform", '"Chrome OS"', '"Windows"'],
  ["sec-fetch-user", "?1"],
  ["sec-websocket-extensions", "permessage-deflate; client_max_window_bits"],
  ["sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="],
  ["te", "trailers, deflate;q=0.5"],
  ["tracestate", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE, fw529a3039@dt=FfAF/8"],
  ["upgrade", "h2c", "HTTP/2.0, websocket"],
  ["via", "1.1 proxy.example (squid/3.5)", "HTTP/1.1 a:80, 2 b", "1.0 fred, 1.1 p.example.com"],
  ["x-amzn-trace-id", "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1"],
  ["x-cloud-trace-context", "105445aa7843bc8bf206b12000100000/1;o=1"],
  [
    "x-forwarded-client-cert",
    'Hash=46;Subject="CN=a b,OU=c";URI=spiffe://td/ns/a',
    'By=x;Subject="";URI=',
    "By=spiffe://td/ns/a;Hash=46a0",
    'By=http://a.example;Hash=46;Cert="-----BEGIN%20CERTIFICATE-----%0AMIIC%2Bq%3D%3D%0A";DNS=a.example;DNS=b.example,By=x;Hash=47;Subject="/C=US/ST=CA/CN=a b"',
    'By=x;Subject="1.2.840.113549.1.9.1=a@b.example,CN=a"',
  ],
  ["x-forwarded-for", "203.0.113.7, [2001:db8::1]:443", "unknown, 10.0.0.1:8080"],
  ["x-forwarded-proto", "https"],
  ["x-real-ip", "2001:DB8::1"],
  ["x-requested-with", "XMLHttpRequest", "com.android.browser"],
];

for (const [name, ...values] of real) {
  test(`${name}: real ones are no values (${values[0]})`, () => {
    assert.deepEqual(
      values.filter((value) => isValue(name, value)),
      [],
    );
  });
}

test("credentials of the basic scheme are looked into", () => {
  const encoded = Buffer.from("admin' or 1=1 --:x").toString("base64");
  const [value] =
    core.values([{ method: "GET", path: "/", headers: [["authorization", `Basic ${encoded}`]] }])[0] ?? [];
  assert.equal(Buffer.from(value?.forms.at(-1)?.bytes ?? []).toString(), "admin' or 1=1 --:x");
  assert.equal(value?.label, "header:authorization");
  assert.ok(isValue("proxy-authorization", `basic   ${encoded}`));
});
