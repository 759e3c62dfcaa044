import assert from "node:assert/strict";
import { test } from "node:test";
import { sendRaw } from "../harness/raw-http.ts";
import { sendRawHttp2 } from "../harness/raw-http2.ts";
import { issuingScene } from "./scene.ts";

const hour = 3_600_000;
const clock = (millis: number) => new Date(millis).toISOString().slice(11, 16);
const now = Date.now();
const policy = `
version: 1
mode: prevent
identity:
  issuers:
    - { name: shop, issuer: "https://issuer.shop.example", audiences: [orders], algorithms: [RS256], jwks: { file: ./jwks.json } }
routes:
  - name: orders
    match: { path: /orders }
    allow:
      - { id: clerks, issuer: shop, claims: { level: { atLeast: 3, below: 10 }, till: { prefix: till- } }, networks: [127.0.0.0/8] }
      - { id: auditors, issuer: shop, scopes: [audit], expires: "2020-01-31T18:00:00Z" }
      - { id: elsewhere, issuer: shop, networks: [192.0.2.0/24, "2001:db8::/32"] }
    deny:
      - { id: stolen, issuer: shop, claims: { till: till-13 } }
      - { id: forgotten, issuer: shop, expires: "2020-01-31T18:00:00Z" }
    score: off
  - name: now
    match: { path: /now }
    allow: [{ issuer: shop, times: [{ from: "${clock(now - hour)}", to: "${clock(now + 2 * hour)}" }] }]
    score: off
  - name: not-now
    match: { path: /not-now }
    allow: [{ issuer: shop, times: [{ from: "${clock(now + 2 * hour)}", to: "${clock(now - hour)}" }] }]
    score: off
  - name: open
    match: { path: /open }
    public: true
    deny: [{ id: bots, headers: { user-agent: { prefix: bot } } }, { networks: [192.0.2.0/24] }]
    score: off
`;

const scene = issuingScene({ policy });

/** The status and what the record says of grants. */
async function ask(path: string, claims: object, scope = "", headers: readonly string[] = []) {
  const token = await scene.issuer.token("RS256", scope, { claims: { ...claims } });
  const lines = [`GET ${path} HTTP/1.1`, "Host: shop.example", `Authorization: Bearer ${token}`, ...headers, "", ""];
  const answer = await sendRaw(scene.gateway.url, lines.join("\r\n"));
  const record = await scene.gateway.waitForRecord(answer.headers["x-postern-decision"] ?? "");
  const { grant, expiredGrant } = record.subject;
  const authorised = record.effect === "permit" && grant !== "" ? ["user_authorised"] : [];
  assert.deepEqual(record.checks, ["user_authenticated", ...authorised]);
  return { status: answer.status, reason: record.reason, grant, expired: expiredGrant };
}

test("bounds, beginnings and the peer's network grant together, and the record names the grant", async () => {
  const clerk = { level: 3, till: "till-7" };
  const permitted = { status: 200, reason: "permitted", grant: "clerks", expired: "forgotten" };
  assert.deepEqual(await ask("/orders", clerk), permitted);
  for (const other of [{ level: 10 }, { level: "3" }, { till: "desk-7" }]) {
    assert.equal((await ask("/orders", { ...clerk, ...other })).reason, "grant_missing");
  }
});

test("a grant that denies wins, and is named", async () => {
  const stolen = await ask("/orders", { level: 3, till: "till-13" });
  assert.deepEqual(stolen, { status: 403, reason: "grant_denied", grant: "stolen", expired: null });
});

test("a grant that has expired gives nothing, and the record says so", async () => {
  const auditor = await ask("/orders", {}, "audit");
  assert.deepEqual([auditor.status, auditor.reason, auditor.grant], [403, "grant_missing", ""]);
  assert.equal(auditor.expired, "forgotten", "the deny comes first");
});

test("a window of the week is open when it is, by the gateway's clock", async () => {
  assert.equal((await ask("/now", {})).status, 200);
  assert.equal((await ask("/not-now", {})).status, 403);
});

test("a public route denies by header, and only then", async () => {
  assert.equal((await ask("/open", {}, "", ["User-Agent: bot/1"])).reason, "grant_denied");
  assert.equal((await ask("/open", {}, "", ["User-Agent: shop/1"])).status, 200);
});

test("what denies by header is found where Envoy or a proxy joined two fields, and behind blanks of HTTP/2", async () => {
  assert.equal((await ask("/open", {}, "", ["User-Agent: shop/1", "User-Agent: bot/1"])).reason, "grant_denied");
  assert.equal(
    (await ask("/open", {}, "", ["User-Agent: shop/1 (KHTML, like bot),\t bot/1 ,x"])).reason,
    "grant_denied",
  );
  assert.equal((await ask("/open", {}, "", ["User-Agent: shop/1 (KHTML, like bot)"])).status, 200);
  const head = [":method GET", ":scheme http", ":path /open", ":authority shop.example"];
  const fields = head.map((field) => field.split(" ") as [string, string]);
  const seen = scene.upstream.requests.length;
  const answer = await sendRawHttp2(scene.gateway.url, [...fields, ["user-agent", " bot/1"]]);
  assert.equal(answer.kind, "response");
  assert.equal(scene.upstream.requests.length, seen);
});
