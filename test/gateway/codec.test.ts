import assert from "node:assert/strict";
import { test } from "node:test";
import { sendRaw } from "../harness/raw-http.ts";
import { sendRawHttp2 } from "../harness/raw-http2.ts";
import { gatewayScene } from "./scene.ts";

/** What Envoy's codecs refuse before the filter sees it: the filter has no check of its own for these. */

const scene = gatewayScene({});

const host = "Host: shop.example\r\n";
const refused: [name: string, bytes: string, status: number][] = [
  [
    "transfer-encoding with content-length",
    `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ["two lengths", `POST / HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, 400],
  ["an unknown transfer coding", `POST / HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 501],
  ["NUL in a header", `GET / HTTP/1.1\r\n${host}X-A: a\0b\r\n\r\n`, 400],
  ["a control character in a header", `GET / HTTP/1.1\r\n${host}X-A: a\x01b\r\n\r\n`, 400],
  ["DEL in a header", `GET / HTTP/1.1\r\n${host}X-A: a\x7fb\r\n\r\n`, 400],
  ["a raw control character in the path", `GET /\x01 HTTP/1.1\r\n${host}\r\n`, 400],
  ["more header bytes than Envoy takes", `GET / HTTP/1.1\r\n${host}X-A: ${"a".repeat(70 * 1024)}\r\n\r\n`, 431],
];

for (const [name, bytes, status] of refused) {
  test(`Envoy refuses ${name}, also in observe, and the filter never sees it`, async () => {
    const seen = scene.upstream.requests.length;
    const answer = await sendRaw(scene.gateway.url, bytes);
    assert.equal(answer.status, status);
    assert.equal(answer.headers["x-postern-decision"], undefined);
    assert.equal(scene.upstream.requests.length, seen);
  });
}

const head = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/"],
  [":authority", "shop.example"],
] as const;

test("over HTTP/2 the same request without a fault is answered", async () => {
  assert.equal((await sendRawHttp2(scene.gateway.url, head)).kind, "response");
});

for (const code of [0x00, 0x01, 0x0a, 0x0d, 0x1f, 0x7f]) {
  test(`over HTTP/2 Envoy refuses a header value with byte ${code}`, async () => {
    const seen = scene.upstream.requests.length;
    const answer = await sendRawHttp2(scene.gateway.url, [...head, ["x-a", `a${String.fromCharCode(code)}b`]]);
    assert.notEqual(answer.kind, "response");
    assert.equal(scene.upstream.requests.length, seen);
  });
}

test("over HTTP/2 Envoy refuses transfer-encoding and a second authority", async () => {
  const seen = scene.upstream.requests.length;
  for (const field of [
    ["transfer-encoding", "chunked"],
    [":authority", "other.example"],
  ] as const) {
    assert.notEqual((await sendRawHttp2(scene.gateway.url, [...head, field])).kind, "response");
  }
  assert.equal(scene.upstream.requests.length, seen);
});
