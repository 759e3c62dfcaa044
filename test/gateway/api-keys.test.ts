import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { eventually } from "../harness/eventually.ts";
import { sendRaw } from "../harness/raw-http.ts";
import { sendRawHttp2 } from "../harness/raw-http2.ts";
import { issuingScene } from "./scene.ts";

const keys = {
  "till-7": randomBytes(32).toString("hex"),
  "till-8": randomBytes(32).toString("hex"),
  old: "o".repeat(40),
  brief: "b".repeat(40),
};
/** Long past. */
const OVER = "2020-01-31T18:00:00Z";
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const policy = (forward: boolean, briefUntil = OVER) => `
version: 1
identity:
  issuers:
    - { name: shop, issuer: "https://issuer.shop.example", audiences: [orders], algorithms: [HS256], secret: { file: ./shared.key } }
  apiKeys:
    header: X-Till-Key
    forward: ${forward}
    keys:
      - { name: till-7, sha256: ${sha256(keys["till-7"])}, owner: shop-team }
      - { name: till-8, sha256: ${sha256(keys["till-8"])} }
      - { name: old, sha256: ${sha256(keys.old)}, expires: "${OVER}" }
      - { name: brief, sha256: ${sha256(keys.brief)}, expires: "${briefUntil}" }
routes:
  - { name: events, match: { path: /events }, allow: [{ apiKeys: [brief] }], score: off }
  - name: tills
    match: { path: /tills/** }
    allow: [{ id: tills, apiKeys: [till-7] }]
  - name: both
    match: { path: /both }
    allow: [{ id: both, apiKeys: [till-7, till-8], issuer: shop }]
    score: off
  - { name: open, match: { path: /market }, public: true, score: { ask: always, deadline: 20s } }
  - { name: watched, match: { path: /watched }, mode: observe, allow: [{ apiKeys: [till-8] }], score: off }
`;

const scene = issuingScene({ policy: policy(false) });

async function ask(path: string, ...headers: string[]) {
  const lines = [`GET ${path} HTTP/1.1`, "Host: shop.example", ...headers, "", ""];
  const answer = await sendRaw(scene.gateway.url, lines.join("\r\n"));
  const record = await scene.gateway.waitForRecord(answer.headers["x-postern-decision"] ?? "");
  const { apiKey, grant } = record.subject;
  return { status: answer.status, reason: record.reason, apiKey, grant, challenge: answer.headers["www-authenticate"] };
}
const withKey = (name: keyof typeof keys) => `X-Till-Key: ${keys[name]}`;

test("a key grants, is named in the record and to the upstream, and is itself not given on", async () => {
  const { status, apiKey, grant } = await ask("/tills/7", withKey("till-7"), "x-postern-api-key: admin");
  assert.deepEqual([status, apiKey, grant], [200, "till-7", "tills"]);
  const { headers } = scene.upstream.requests.at(-1) ?? assert.fail("nothing came");
  assert.equal(headers["x-postern-api-key"], "till-7");
  assert.equal(headers["x-till-key"], undefined);
});

test("no key, another's, an unknown, a cut, a doubled and an expired one are refused, each for its reason", async () => {
  const challenge = 'ApiKey header="x-till-key"';
  const cut = withKey("till-7").slice(0, -1);
  for (const [expected, ...headers] of [
    ["api_key_missing"],
    ["api_key_unknown", "X-Till-Key: guess"],
    ["api_key_unknown", cut],
    ["api_key_unknown", `X-Till-Key: ${"a".repeat(600)}`],
    ["api_key_unknown", withKey("till-7"), withKey("till-7")],
    ["api_key_expired", withKey("old")],
  ] as const) {
    const { status, reason, apiKey, challenge: sent } = await ask("/tills/7", ...headers);
    assert.deepEqual([status, reason, apiKey, sent], [401, expected, "", challenge]);
  }
  const other = await ask("/tills/7", withKey("till-8"));
  assert.deepEqual([other.status, other.reason], [403, "grant_missing"]);
});

test("a stream ends with the API key that it was opened with", async () => {
  const until = new Date(Math.ceil(Date.now() / 1000) * 1000 + 8_000).toISOString();
  await writeFile(scene.gateway.policyPath, policy(false, until));
  const begun = `POST /events HTTP/1.1\r\nHost: shop.example\r\n${withKey("brief")}\r\nContent-Length: 2\r\n\r\n1`;
  const { status, headers } = await eventually(
    () => sendRaw(scene.gateway.url, begun),
    () => Date.now() >= Date.parse(until),
  );
  assert.equal(status, 401, "its body never ended");
  const { reason, response } = await scene.gateway.waitForRecord(headers["x-postern-decision"] ?? "");
  assert.deepEqual([reason, response?.ended], ["permitted", "api_key_expired"]);
});

test("where a grant asks for key and token, both are needed", async () => {
  const token = `Authorization: Bearer ${await scene.issuer.token("HS256", "")}`;
  assert.equal((await ask("/both", withKey("till-8"), token)).grant, "both");
  assert.equal((await ask("/both", withKey("till-8"))).reason, "grant_missing");
  assert.equal((await ask("/both", token)).reason, "grant_missing");
  assert.equal((await ask("/both")).reason, "token_missing");
});

test("a bad key denies on no public route, and reaches no upstream even there or in observe", async () => {
  for (const path of ["/market", "/watched"]) {
    assert.equal((await ask(path, "X-Till-Key: guess", "x_till_key: guess")).status, 200);
    const { headers } = scene.upstream.requests.at(-1) ?? assert.fail("nothing came");
    assert.deepEqual(
      [headers["x-till-key"], headers.x_till_key, headers["x-postern-api-key"]],
      [undefined, undefined, undefined],
    );
  }
});

test("a token behind blanks that the upstream may skip is a token: beside a good key, too, it is judged", async () => {
  const seen = scene.upstream.requests.length;
  for (const credentials of ["Bearer\tforged", "bearer\t forged", "DPoP\tforged", "Bearer \tforged"]) {
    const { status, reason } = await ask("/tills/7", withKey("till-7"), `Authorization: ${credentials}`);
    assert.deepEqual([status, reason], [401, "token_malformed"], credentials);
  }
  const head = [":method GET", ":scheme http", ":path /tills/7", ":authority shop.example"];
  const fields = [...head, `x-till-key ${keys["till-7"]}`].map((field) => field.split(" ") as [string, string]);
  const answer = await sendRawHttp2(scene.gateway.url, [...fields, ["authorization", " Bearer forged"]]);
  assert.equal(answer.kind, "response");
  assert.equal(scene.upstream.requests.length, seen);
  assert.equal((await ask("/tills/7", withKey("till-7"), "Authorization: Bearerx forged")).status, 200);
});
