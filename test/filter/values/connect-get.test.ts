import assert from "node:assert/strict";
import { test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { compilePolicy } from "../../../inference-sidecar/src/policy/compile.ts";
import { parsePolicy } from "../../../inference-sidecar/src/policy/load.ts";
import { loadCore } from "../../../scripts/core.ts";

const core = await loadCore();
const policy = `
version: 1
mode: prevent
routes:
  - { name: all, match: { path: /** }, public: true }
`;
const gate = core.openGate(compilePolicy((await parsePolicy(policy, "policy.yaml")).policy).blob);
const JSON_MESSAGE = JSON.stringify({ text: "<script>alert(1)</script>" });
const gzip = gzipSync(JSON_MESSAGE);
const brotli = brotliCompressSync(JSON_MESSAGE).toString("base64url");
const percent = (bytes: Buffer) => bytes.toString("hex").replace(/../g, "%$&");

function reasonOf(query: string, method = "GET"): string {
  const path = `/shop.v1.Shop/List?${query}`;
  return gate.evaluate({ method, authority: "shop.example", path, headers: [], at: Date.now() }).verdict.reason;
}

test("Connect by GET: a message whose compression hides it can't be inspected", () => {
  for (const query of [
    `connect=v1&encoding=json&base64=1&compression=br&message=${brotli}`,
    `message=${brotli}&base64=1&compression=zstd&encoding=proto`,
    `message=${brotli}&base64=1&compre%73sion=b%72&encoding=json`,
    `message=${brotli}&base64=1&compression=br&compression=gzip&encoding=json`,
    `connect=v1&encoding=json&compression=gzip&message=${percent(gzip)}`,
  ]) {
    assert.equal(reasonOf(query), "body_encoding", query);
  }
});

test("Connect by GET: gzip in base64 is inflated, and what names no compression is a query like any other", () => {
  const packed = `message=${gzip.toString("base64url")}`;
  const [values = []] = core.values([
    { method: "GET", path: `/a?encoding=json&base64=1&compression=gzip&${packed}`, headers: [] },
  ]);
  assert.ok(values.some(({ forms }) => forms.some(({ bytes }) => Buffer.from(bytes).toString() === JSON_MESSAGE)));
  for (const query of [
    "connect=v1&encoding=json&message=%7B%7D",
    "encoding=json&compression=&message=%7B%7D",
    "encoding=json&compression=identity&message=%7B%7D",
    `encoding=json&base64=1&compression=gzip&message=${gzipSync("{}").toString("base64url")}`,
    "compression=zip&message=hello",
    "encoding=utf-8&compression=zip",
  ]) {
    assert.equal(reasonOf(query), "permitted", query);
  }
  assert.equal(reasonOf("encoding=json&compression=br&message=hello", "HEAD"), "permitted");
});
