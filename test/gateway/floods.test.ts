import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { askSidecar } from "../../scripts/gateway/ask-sidecar.ts";
import { eventually } from "../harness/eventually.ts";
import { startTestGateway, type TestGateway } from "../harness/gateway.ts";
import { makeIssuer, type TestIssuer } from "../harness/issuer.ts";
import { sendRaw } from "../harness/raw-http.ts";

const window = 600;
const policy = `
version: 1
identity:
  issuers:
    - { name: shop, issuer: "https://issuer.shop.example", audiences: [orders], algorithms: [HS256], secret: { file: ./shared.key } }
  apiKeys: { keys: [{ name: till, sha256: ${createHash("sha256").update("the till's key").digest("hex")} }] }
limits: { trustedHops: 1, perAddress: 5, perSubject: 3, window: ${window}s }
routes:
  - { name: orders, match: { path: /orders }, allow: [{ issuer: shop, scopes: [orders:read] }, { apiKeys: [till] }], score: off }
  - { name: secrets, match: { path: /secrets }, allow: [{ issuer: shop, scopes: [secrets] }], score: off }
  - { name: login, match: { path: /login/** }, public: true, login: true, score: off }
  - { name: open, match: { path: /open }, public: true, score: off }
`;

/** `/login/STATUS` is answered with that status. */
const upstream: Server = createServer((request, response) => {
  response.writeHead(Number(/^\/login\/(\d+)/.exec(request.url ?? "")?.[1] ?? 200)).end("answered");
});
let issuer: TestIssuer;
let gateway: TestGateway;
before(
  async () => {
    await new Promise<void>((done) => upstream.listen(0, "127.0.0.1", done));
    const url = new URL(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`);
    issuer = await makeIssuer("https://issuer.shop.example", "orders");
    const files = { "shared.key": issuer.secret };
    gateway = await startTestGateway({ upstream: url, policy, files, workers: 2 });
  },
  { timeout: 120_000 },
);
after(async () => {
  await gateway?.stop();
  upstream.close();
});

/** How many counted failures the gateway says that it holds. */
async function remembered(): Promise<number> {
  const text = await (await fetch(new URL("/metrics", gateway.dashboardUrl))).text();
  return Number(/^postern_sidecar_gateway_memory_entries\{of="failures"\} (\d+)$/m.exec(text)?.[1]);
}

/** A request as a proxy in front passes it on, with what the client itself wrote to the left. */
async function ask(client: string, path: string, ...headers: string[]) {
  const lines = [
    `GET ${path} HTTP/1.1`,
    "Host: shop.example",
    `X-Forwarded-For: 192.0.2.99, ${client}`,
    ...headers,
    "",
    "",
  ];
  return sendRaw(gateway.url, lines.join("\r\n"));
}
const bearer = (token: string) => `Authorization: Bearer ${token}`;
const token = async (sub: string, scope = "orders:read") =>
  bearer(await issuer.token("HS256", scope, { claims: { sub } }));
const forged = async () =>
  bearer(await (await makeIssuer(issuer.issuer, issuer.audience)).token("HS256", "orders:read"));
/** Asks until the worker that answers knows: each takes a tick at most. */
const until = (status: number, send: () => ReturnType<typeof ask>) =>
  eventually(send, (answer) => answer.status === status);

test("an address that floods with bad tokens waits, tokens in use and everybody else go on", async () => {
  const inUse = await token("ada");
  const bad = await forged();
  const flooder = "198.51.100.7";
  for (let i = 0; i < 10; i++) assert.equal((await ask(flooder, "/orders", inUse)).status, 200);
  for (let i = 0; i < 5; i++) assert.equal((await ask(flooder, "/orders", bad)).status, 401);
  const limited = await until(429, () => ask(flooder, "/orders", bad));
  const wait = Number(limited.headers["retry-after"]);
  assert.ok(wait > 0 && wait <= window, `retry-after ${wait}`);
  assert.equal(JSON.parse(limited.body).reason, "too_many_requests");
  const fresh = await token("grace");
  await until(429, () => ask(flooder, "/orders", fresh));
  await until(429, () => ask(flooder, "/orders", "X-API-Key: guess"));
  await until(429, () => ask(flooder, "/login/200"));
  assert.equal((await ask("198.51.100.8", "/orders", fresh)).status, 200);
  assert.equal((await ask(flooder, "/orders", "X-API-Key: the till's key")).status, 200);
  assert.equal((await ask(flooder, "/open", bad)).status, 200);
  const record = await gateway.waitForRecord(limited.headers["x-postern-decision"] ?? "");
  assert.equal(record.reason, "flood_limit");
});

test("the client's own entries of x-forwarded-for lead nowhere, and IPv6 counts by its network", async () => {
  const bad = await forged();
  for (let i = 0; i < 5; i++) await ask(`2001:db8:1:2::${i}`, "/orders", bad);
  await until(429, () => ask("2001:db8:1:2:ffff::9", "/orders", bad));
  assert.equal((await ask("2001:db8:1:3::1", "/orders", bad)).status, 401);
  assert.equal((await ask("192.0.2.99", "/orders", bad)).status, 401);
});

test("failed logins count where the upstream says so, and only on login routes", async () => {
  const client = "198.51.100.20";
  for (let i = 0; i < 8; i++) assert.equal((await ask(client, "/login/200")).status, 200);
  for (let i = 0; i < 5; i++) assert.equal((await ask(client, "/login/401")).status, 401);
  await until(429, () => ask(client, "/login/200"));
  assert.equal((await ask("198.51.100.21", "/login/403")).status, 403);
});

test("a subject that tries what it may not waits, another with the same address does not", async () => {
  const client = "198.51.100.30";
  const mallory = await token("mallory");
  for (let i = 0; i < 3; i++) assert.equal((await ask(client, "/secrets", mallory)).status, 403);
  await until(429, () => ask(client, "/orders", mallory));
  assert.equal((await ask(client, "/orders", await token("ada"))).status, 200);
  assert.equal((await ask(client, "/open", mallory)).status, 200);
});

test("a token that was good and is revoked is no guess: who holds it is refused, and may bring a new one", async () => {
  const client = "198.51.100.50";
  const lost = await issuer.token("HS256", "orders:read", { claims: { sub: "ada", jti: "lost" } });
  assert.equal((await ask(client, "/orders", bearer(lost))).status, 200);
  const revoked = (await askSidecar(gateway.state, "revoke/add", { jti: "lost" }, null)) as Record<string, number>;
  assert.equal(revoked.current, revoked.workers);
  for (let i = 0; i < 12; i++) assert.equal((await ask(client, "/orders", bearer(lost))).status, 401);
  assert.equal((await ask(client, "/orders", await token("ada"))).status, 200);
});

test("how many failures the gateway remembers is shown", { timeout: 60_000 }, async () => {
  // Of two addresses by now, the failures on login routes and the subject's.
  await eventually(remembered, (count) => count >= 4, 40_000);
});

test("a token with somebody's name that does not verify locks nobody out", async () => {
  const client = "198.51.100.40";
  const bad = await forged();
  for (let i = 0; i < 4; i++) await ask(client, "/secrets", bad);
  assert.equal((await ask(client, "/orders", await token("alice"))).status, 200);
});
