import assert from "node:assert/strict";
import { test } from "node:test";
import { constants, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { compilePolicy } from "../../../inference-sidecar/src/policy/compile.ts";
import { parsePolicy } from "../../../inference-sidecar/src/policy/load.ts";
import { type CoreRequest, type CoreValue, loadCore, type ModelScore } from "../../../scripts/core.ts";
import { valuesOf } from "./told-values.ts";

const core = await loadCore();
const SCRIPT = "<script>alert(1)</script>";
const HEAD_MOST = 64 * 1024;
const NONE: ModelScore = { millionths: 0, attackClass: "benign" };

/** The one value that shows the text, and what it was decoded from. */
function found(request: Partial<CoreRequest>, text = SCRIPT) {
  const values = valuesOf(request).filter(({ forms }) => forms.some(({ bytes }) => Buffer.from(bytes).includes(text)));
  assert.equal(values.length, 1, JSON.stringify(values.map(({ label }) => label)));
  const { label, start, end, forms } = values[0] as CoreValue;
  return { label, start, end, decodings: forms.at(-1)?.decodings };
}

const json = (text: string) => ({
  method: "POST",
  headers: [["content-type", "application/json"]] as const,
  body: Buffer.from(JSON.stringify({ data: text })),
});

test("base64 of gzip or zlib is inflated, wherever a value stands", () => {
  for (const [coding, bytes] of [
    ["gzip", gzipSync(SCRIPT)],
    ["deflate", deflateSync(SCRIPT)],
    ["deflate", deflateSync(SCRIPT, { windowBits: 9 })],
  ] as const) {
    const [base64, url] = [bytes.toString("base64"), bytes.toString("base64url")];
    const decodings = ["base64", coding];
    const end = 2 + url.length;
    assert.deepEqual(found({ path: `/?d=${url}` }), { label: "query:d", start: 2, end, decodings });
    assert.equal(found({ headers: [["cookie", `a=b; s=.${url}.ZbcQ4w.c2lnbmF0dXJl`]] }).label, "cookie:s");
    assert.equal(found({ headers: [["x-state", base64]] }).label, "header:x-state");
    assert.equal(found(json(base64)).label, "json:/data");
    assert.equal(found(json(`data:application/octet-stream;base64,${base64}`)).label, "json:/data");
    assert.deepEqual(found(json(Buffer.from(base64).toString("base64"))).decodings, ["base64", ...decodings]);
    assert.equal(found({ body: bytes.subarray(0, 0), method: "POST", path: `/${url}` }).label, "path:0");
  }
  const twice = gzipSync(gzipSync(SCRIPT).toString("base64")).toString("base64");
  assert.deepEqual(found(json(twice)).decodings, ["base64", "gzip", "base64", "gzip"]);
});

test("other bytes among its digits hide nothing, as lenient decoders skip them", () => {
  for (const packed of [gzipSync(SCRIPT), deflateSync(SCRIPT)]) {
    const digits = packed.toString("base64");
    for (const other of ["!", "*", ":", "\n", "%", "=", "é", "!".repeat(40)]) {
      assert.equal(found(json(digits.replace(/^../, `$&${other}`))).label, "json:/data", other);
      assert.equal(found(json(digits.replace(/.{7}/g, `$&${other}`))).label, "json:/data", other);
    }
  }
});

test("a version or another prefix in front of it changes nothing", () => {
  for (const packed of [
    gzipSync(SCRIPT),
    deflateSync(SCRIPT),
    deflateSync(SCRIPT, { level: 1 }),
    deflateSync(SCRIPT, { level: 9 }),
  ]) {
    for (const prefix of ["v1.", "cursor_", "page-", "1:", "v2:zlib:", "org_12-state_", "!", "gzip,base64,", ".v1."]) {
      const value = prefix + packed.toString("base64url");
      assert.equal(found(json(value)).label, "json:/data", value);
      assert.equal(found({ headers: [["cookie", `s=${value}`]] }).label, "cookie:s", value);
    }
  }
  for (const value of [
    "v1.eJunk-eJunk_eJunk",
    "H4sIAAAA-H4sIAAAA",
    `${"far-".repeat(20)}${gzipSync("a").toString("base64")}`,
  ]) {
    assert.equal(valuesOf(json(value)).filter(({ label }) => label === "json:/data").length, 1, value);
  }
});

test("a message of SAML by redirect is bare DEFLATE under base64; another value that could be is not asked", () => {
  const message = encodeURIComponent(deflateRawSync(`<AuthnRequest>${SCRIPT}</AuthnRequest>`).toString("base64"));
  for (const name of ["SAMLRequest", "SAMLResponse"]) {
    assert.deepEqual(found({ path: `/?${name}=${message}` }).decodings, ["percent", "base64", "deflate"]);
  }
  assert.equal(valuesOf({ path: `/?state=${message}` }).length, 1);
});

test("what begins as a stream and can't be inflated stays as it is", () => {
  const broken = gzipSync(SCRIPT);
  broken[10] = 0xff;
  assert.equal(valuesOf({ path: `/?a=${broken.toString("base64url")}` }).length, 1);
});

test("bytes behind a stream, another checksum and a fault further on hide nothing: decoders differ in what they heed", () => {
  const behind = Buffer.from("more");
  const checksum = deflateSync(SCRIPT);
  checksum[checksum.length - 1] = (checksum.at(-1) ?? 0) ^ 1;
  for (const bytes of [
    Buffer.concat([deflateSync(SCRIPT), behind]),
    Buffer.concat([gzipSync(SCRIPT), behind]),
    Buffer.concat([gzipSync(""), gzipSync(SCRIPT), behind]),
    checksum,
    Buffer.concat([deflateSync(SCRIPT, { finishFlush: constants.Z_SYNC_FLUSH }), Buffer.from([0xff])]),
  ]) {
    assert.equal(found({ path: `/?d=${bytes.toString("base64url")}` }).label, "query:d");
  }
  const message = Buffer.concat([deflateRawSync(SCRIPT), behind]).toString("base64url");
  assert.equal(found({ path: `/?SAMLRequest=${message}` }).label, "query:SAMLRequest");
});

test("a message of SAML that could be zlib by its first bytes is bare DEFLATE all the same", () => {
  // A stored block, whose header has five bits that nobody reads; its length is such that zlib's check fits.
  const stored = Buffer.concat([Buffer.from([0x78, 0x5e, 0x00, 0xa1, 0xff]), Buffer.alloc(0x5e, 0x80)]);
  const { decodings } = found({
    path: `/?SAMLRequest=${Buffer.concat([stored, deflateRawSync(SCRIPT)]).toString("base64url")}`,
  });
  assert.deepEqual(decodings, ["base64", "deflate"]);
});

test("behind the first 510 values it is inflated as well", () => {
  const many = Array.from({ length: 600 }, (_, index) => `a${index}=v`).join("&");
  const { label } = found({ path: `/?${many}&z=${gzipSync(SCRIPT).toString("base64url")}` });
  assert.equal(label, "rest");
});

test("values that hold more than may be inflated are a head or a body that is too large", async () => {
  const policy = `
version: 1
routes:
  - { name: deny, match: { path: /deny }, public: true, score: { maxBody: 100KiB } }
  - { name: prefix, match: { path: /prefix }, public: true, score: { onTooLarge: prefix } }
`;
  const gate = core.openGate(compilePolicy((await parsePolicy(policy, "policy.yaml")).policy).blob);
  const packed = (size: number) => gzipSync("a".repeat(size)).toString("base64url");
  const reason = (path: string, body = "") => {
    const headers = [["content-type", "application/x-www-form-urlencoded"]] as const;
    const sent = body === "" ? { method: "GET", headers: [] } : { method: "POST", headers, body: Buffer.from(body) };
    const { verdict, question } = gate.evaluate({ authority: "shop.example", path, at: Date.now(), ...sent });
    return (question?.answer(question.findings.map(() => NONE)).verdict ?? verdict).reason;
  };
  assert.equal(reason(`/deny?a=${packed(HEAD_MOST)}`), "permitted");
  assert.equal(reason(`/deny?a=${packed(HEAD_MOST)}&b=${packed(1)}`), "body_too_large");
  const broken = Buffer.concat([gzipSync("a".repeat(40_000)).subarray(0, -8), Buffer.alloc(8)]).toString("base64url");
  assert.equal(reason(`/deny?a=${broken}&b=${broken}`), "body_too_large");
  assert.equal(reason("/deny", `a=${packed(HEAD_MOST)}&b=${packed(30_000)}`), "permitted");
  assert.equal(reason("/deny", `a=${packed(HEAD_MOST)}&b=${packed(40_000)}`), "body_too_large");
  const named = Buffer.concat([
    Buffer.from([0x1f, 0x8b, 8, 24, 0, 0, 0, 0, 0, 0]),
    Buffer.from(`${packed(HEAD_MOST)}\0`),
  ]);
  const twice = Buffer.concat([named, Buffer.from(`${packed(1)}\0`), gzipSync("a=b").subarray(10)]);
  const sent = { method: "POST", path: "/deny", body: twice, headers: [["content-encoding", "gzip"]] as const };
  const { verdict } = gate.evaluate({ authority: "shop.example", at: Date.now(), ...sent });
  assert.equal(verdict.reason, "body_too_large");
  assert.equal(reason("/prefix", `a=${packed(HEAD_MOST)}&b=${packed(40_000)}`), "permitted");
});
