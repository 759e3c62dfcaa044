import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { makeDpopClient } from "../harness/dpop.ts";
import { runPostern, startTestGateway, type TestGateway } from "../harness/gateway.ts";
import { makeIssuer } from "../harness/issuer.ts";
import { sendRaw } from "../harness/raw-http.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";

const issuer = await makeIssuer("https://issuer.example", "orders");
const policy = (scope: string, allow: string, uploads = "headers") => `
version: 1
mode: prevent
identity:
  issuers:
    - { name: shop, issuer: "${issuer.issuer}", audiences: [orders], algorithms: [RS256, ES256], jwks: { inline: ${issuer.jwks} } }
routes:
  - name: orders
    match: { methods: [GET, POST], path: /orders/{id} }
    allow: [{ issuer: shop, scopes: [${scope}], claims: { tier: [${allow}] } }]
    evidence: values
    score: { deadline: 10s }
  - { name: search, match: { path: /search }, public: true, evidence: values, score: { deadline: 10s } }
  - { name: uploads, match: { path: /uploads }, public: true, evidence: values, score: ${uploads} }
`;

let upstream: RecordingUpstream;
let gateway: TestGateway;

before(
  async () => {
    upstream = await startRecordingUpstream();
    gateway = await startTestGateway({ upstream: upstream.url, policy: policy("read", "gold, silver") });
  },
  { timeout: 180_000 },
);
after(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

async function send(path: string, headers: Record<string, string> = {}, body: string | null = null) {
  const method = body === null ? "GET" : "POST";
  const response = await fetch(`${gateway.url}${path}`, { method, headers, body });
  await response.arrayBuffer();
  const record = await gateway.waitForRecord(response.headers.get("x-postern-decision") ?? "");
  return { status: response.status, record };
}

async function replayed(file: string, text: string) {
  const path = join(gateway.state, file);
  await writeFile(path, text);
  const { output, ended } = runPostern(["replay", "--state", gateway.state, "--policy", path, "--json"]);
  const code = await ended;
  return { code, report: JSON.parse(output().slice(output().indexOf("{"))) };
}

test("what a real gateway kept is judged anew without any credential: tokens, claims, bodies, attacks", async () => {
  const bearer = async (tier: string, algorithm: "RS256" | "ES256" = "RS256") => ({
    authorization: `Bearer ${await issuer.token(algorithm, "read", { claims: { tier } })}`,
    cookie: "session=secret",
  });
  const attack = `q=${encodeURIComponent("1' UNION SELECT username, password FROM users-- -")}`;
  const statuses = [
    await send("/orders/7", await bearer("gold")),
    await send("/orders/7", await bearer("silver", "ES256"), "note=thanks"),
    await send("/orders/7", await bearer("bronze")),
    await send("/orders/7"),
    await send("/search?q=tea"),
    await send(`/search?${attack}`),
    await send("/search", { "content-type": "application/x-www-form-urlencoded" }, attack),
    await send("/nowhere"),
  ].map(({ status }) => status);
  assert.deepEqual(statuses, [200, 200, 403, 401, 200, 403, 403, 403]);
  const basic = Buffer.from("ada:1' UNION SELECT a FROM users-- -").toString("base64");
  const unkept = [
    { status: 400, lines: ["Authorization: Bearer a", "Authorization: Bearer b"] },
    { status: 403, lines: [`Cookie: ${attack}`] },
    { status: 403, lines: [`Authorization: Basic ${basic}`] },
    { status: 431, lines: [`Cookie: ${"x".repeat(33_000)}`] },
  ];
  for (const { status, lines } of unkept) {
    const request = ["GET /search HTTP/1.1", "Host: shop.example", ...lines, "", ""].join("\r\n");
    const answer = await sendRaw(gateway.url, request);
    assert.equal(answer.status, status);
    await gateway.waitForRecord(answer.headers["x-postern-decision"] ?? "");
  }

  const same = await replayed("same.yaml", policy("read", "gold, silver"));
  assert.deepEqual([same.code, same.report.newlyDenied.count, same.report.newlyAllowed.count], [0, 0, 0]);
  assert.deepEqual([same.report.decisions, same.report.replayed, same.report.otherReason], [12, 12, 0]);
  assert.equal(same.report.byRequest, 8, "no route took the last one: nothing of it was kept");

  const renamed = await replayed(
    "renamed.yaml",
    policy("read", "gold, silver").replaceAll(/\b(name|issuer): shop\b/g, "$1: store"),
  );
  assert.deepEqual(
    [renamed.code, renamed.report.replayed],
    [3, 9],
    "three in twelve are too many to tell by 0; a token is known by what it says, not by the issuer's name here",
  );
  const elsewhere = await replayed("elsewhere.yaml", policy("read", "gold, silver").replace("/search", "/search/**"));
  assert.deepEqual(elsewhere.report.notReplayed, {
    "its request was not kept (`evidence: values`)": 1,
    "what was found stood in a header that is not kept": 3,
  });
  const stricter = await replayed("stricter.yaml", policy("read", "gold"));
  assert.equal(stricter.code, 1);
  assert.deepEqual([stricter.report.newlyDenied.routes, stricter.report.newlyAllowed.count], [{ orders: 1 }, 0]);
  const looser = await replayed("looser.yaml", policy("read", "gold, silver, bronze"));
  assert.deepEqual([looser.report.newlyAllowed.routes, looser.report.newlyDenied.count], [{ orders: 1 }, 0]);
  const other = await replayed("other.yaml", policy("write", "gold, silver"));
  assert.deepEqual(other.report.newlyDenied.routes, { orders: 2 });
});

test("a proof of possession can't be made again: its record tells where the policy asks the same, else it is counted by that reason", async () => {
  const client = await makeDpopClient();
  const claims = { tier: "gold", cnf: { jkt: client.thumbprint } };
  const token = await issuer.token("ES256", "read", { claims });
  const url = `${gateway.url}/orders/8`;
  const sent = async (method: string) => {
    const dpop = await client.proof(method, url, token);
    return (await send("/orders/8", { authorization: `DPoP ${token}`, dpop })).status;
  };
  assert.deepEqual([await sent("GET"), await sent("POST")], [200, 401], "the second proof is for another method");
  const same = await replayed("same.yaml", policy("read", "gold, silver"));
  assert.deepEqual([same.code, same.report.replayed, same.report.notReplayed], [0, same.report.decisions, {}]);
  const other = await replayed("other.yaml", policy("write", "gold, silver"));
  assert.deepEqual(other.report.notReplayed, { "a proof of possession can't be made again": 2 });
});

test("a body that the gateway did not read is not judged as if there had been none", async () => {
  const attack = JSON.stringify({ note: "1' UNION SELECT username, password FROM users-- -" });
  const json = { "content-type": "application/json" };
  const streamed = await send("/uploads", json, attack);
  const refused = await send("/orders/9", json, attack);
  assert.deepEqual([streamed.status, refused.status], [200, 401]);
  const { report } = await replayed("scored.yaml", policy("write", "gold, silver", "{ deadline: 10s }"));
  assert.equal(report.notReplayed["its body was not kept, or in part only"], 1, "the one that would be scored now");
  assert.equal(report.newlyAllowed.count, 0, "whoever sends no token is refused without a body, too");
  assert.equal(report.otherReason, 0);
  const still = await replayed("headers.yaml", policy("write", "gold, silver"));
  assert.equal(still.report.notReplayed["its body was not kept, or in part only"], undefined);
});
