import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { type Certificate, issueCertificate } from "../../scripts/demo/certificate.ts";
import { makeDpopClient, type ProofChanges } from "../harness/dpop.ts";
import { startTestGateway } from "../harness/gateway.ts";
import { sendRaw } from "../harness/raw-http.ts";
import { issuingScene } from "./scene.ts";

const policy = `
version: 1
mode: prevent
listener: { tls: { certificate: { file: ./server.pem }, key: { file: ./server.key } } }
identity:
  issuers:
    - { name: shop, issuer: "https://issuer.shop.example", audiences: [orders], algorithms: [RS256], jwks: { file: ./jwks.json } }
  workloads: { trustDomains: [edge.test], trustBundle: { file: ./ca.pem } }
routes:
  - { name: plain, match: { path: /plain }, allow: [{ issuer: shop }], score: off }
  - { name: proved, match: { path: /proved }, allow: [{ issuer: shop }], senderConstrained: dpop, score: off }
  - { name: certified, match: { path: /certified }, allow: [{ issuer: shop }], senderConstrained: mtls, score: off }
  - name: payments
    match: { path: /payments }
    allow: [{ issuer: shop, scopes: [pay] }]
    stepUp: { acr: [phr, mfa], amr: [hwk], maxAge: 5m }
    score: off
`;
const authority = await issueCertificate({ name: "authority", alternativeNames: [], validDays: 1 }, null);
const server = await issueCertificate({ name: "server", alternativeNames: ["localhost"], validDays: 1 }, authority);
const mine = await issueCertificate({ name: "a", alternativeNames: ["spiffe://edge.test/a"], validDays: 1 }, authority);
const other = await issueCertificate(
  { name: "b", alternativeNames: ["spiffe://edge.test/b"], validDays: 1 },
  authority,
);
const digestOf = ({ certificatePem }: Certificate) =>
  Buffer.from(new X509Certificate(certificatePem).fingerprint256.replaceAll(":", ""), "hex").toString("base64url");

const client = await makeDpopClient();
const scene = issuingScene({
  policy,
  // Two workers share what they remember of proofs.
  workers: 2,
  files: { "ca.pem": authority.certificatePem, "server.pem": server.certificatePem, "server.key": server.keyPem },
});

async function ask(path: string, headers: readonly string[], certificate: Certificate | null = null) {
  const identity = certificate ? { cert: certificate.certificatePem, key: certificate.keyPem } : {};
  const tls = { ca: authority.certificatePem, servername: "localhost", ...identity };
  const seen = scene.upstream.requests.length;
  const lines = [`GET ${path} HTTP/1.1`, "Host: shop.example", ...headers, "", ""];
  const answer = await sendRaw(scene.gateway.url, lines.join("\r\n"), tls);
  const record = await scene.gateway.waitForRecord(answer.headers["x-postern-decision"] ?? "");
  assert.equal(scene.upstream.requests.length - seen, answer.status === 200 ? 1 : 0);
  return { status: answer.status, reason: record.reason, says: answer.headers["www-authenticate"] ?? "" };
}

const url = (path: string) => `https://shop.example${path}`;
const dpopToken = () => scene.issuer.token("RS256", "", { claims: { cnf: { jkt: client.thumbprint } } });
async function proved(path: string, token: string, changes: ProofChanges = {}, scheme = "DPoP") {
  const proof = await client.proof("GET", url(path), token, changes);
  return [`Authorization: ${scheme} ${token}`, `DPoP: ${proof}`];
}

const ALGORITHMS = 'algs="ES256 RS256"';

test("a DPoP-bound token with its proof passes, on any route, and over any worker only once", async () => {
  const token = await dpopToken();
  assert.equal((await ask("/plain", await proved("/plain", token))).status, 200);
  const once = await proved("/proved?q=1", token);
  assert.equal((await ask("/proved?q=1", once)).status, 200);
  const again = await Promise.all(Array.from({ length: 12 }, () => sendAgain(once)));
  assert.deepEqual(new Set(again), new Set([401]));
  const replayed = await ask("/proved?q=1", once);
  assert.deepEqual(replayed, {
    status: 401,
    reason: "dpop_proof_replayed",
    says: `DPoP error="invalid_dpop_proof", ${ALGORITHMS}`,
  });
});

async function sendAgain(headers: readonly string[]): Promise<number> {
  const tls = { ca: authority.certificatePem, servername: "localhost" };
  const lines = ["GET /proved?q=1 HTTP/1.1", "Host: shop.example", ...headers, "", ""];
  return (await sendRaw(scene.gateway.url, lines.join("\r\n"), tls)).status;
}

test("of many workers asked at once with one proof exactly one accepts it", async () => {
  const headers = await proved("/proved?q=1", await dpopToken());
  const statuses = await Promise.all(Array.from({ length: 16 }, () => sendAgain(headers)));
  assert.equal(statuses.filter((status) => status === 200).length, 1);
});

test("stolen, a DPoP-bound token is of no use", async () => {
  const token = await dpopToken();
  const thief = await makeDpopClient();
  const stolen = await thief.proof("GET", url("/plain"), token);
  for (const [reason, headers, says] of [
    ["dpop_scheme", [`Authorization: Bearer ${token}`], `DPoP ${ALGORITHMS}, error="invalid_token"`],
    ["dpop_proof_missing", [`Authorization: DPoP ${token}`], `DPoP error="invalid_dpop_proof", ${ALGORITHMS}`],
    [
      "dpop_proof_key",
      [`Authorization: DPoP ${token}`, `DPoP: ${stolen}`],
      `DPoP ${ALGORITHMS}, error="invalid_token"`,
    ],
    ["dpop_proof_malformed", [`Authorization: DPoP ${token}`, "DPoP: x"], /invalid_dpop_proof/],
    ["dpop_proof_target", await proved("/proved", token), /invalid_dpop_proof/],
    ["dpop_proof_token", await proved("/plain", token, { claims: { ath: "x" } }), /invalid_dpop_proof/],
    ["dpop_proof_time", await proved("/plain", token, { claims: { iat: 1 } }), /invalid_dpop_proof/],
  ] as const) {
    const answer = await ask("/plain", headers);
    assert.deepEqual([answer.status, answer.reason], [401, reason]);
    if (typeof says === "string") assert.equal(answer.says, says);
    else assert.match(answer.says, says);
  }
  const [head = "", payload = "", signature = ""] = ((await proved("/plain", token))[1] ?? "").slice(6).split(".");
  const forged = `${head}.${payload}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
  const answer = await ask("/plain", [`Authorization: DPoP ${token}`, `DPoP: ${forged}`]);
  assert.equal(answer.reason, "dpop_proof_signature");
});

test("a certificate-bound token is good for its certificate only, by the digest that Envoy sees", async () => {
  const token = await scene.issuer.token("RS256", "", { claims: { cnf: { "x5t#S256": digestOf(mine) } } });
  const headers = [`Authorization: Bearer ${token}`];
  assert.equal((await ask("/certified", headers, mine)).status, 200);
  assert.equal((await ask("/plain", headers, mine)).status, 200);
  for (const certificate of [other, null]) {
    const { status, reason, says } = await ask("/plain", headers, certificate);
    assert.deepEqual([status, reason, says], [401, "token_certificate", 'Bearer error="invalid_token"']);
  }
  assert.equal((await ask("/proved", headers, mine)).reason, "token_unbound");
});

test("where a bound token is asked for, another one is refused with the way to get in", async () => {
  const plain = [`Authorization: Bearer ${await scene.issuer.token("RS256", "")}`];
  assert.equal((await ask("/proved", plain)).says, `DPoP ${ALGORITHMS}, error="invalid_token"`);
  assert.deepEqual(await ask("/certified", plain, mine), {
    status: 401,
    reason: "token_unbound",
    says: 'Bearer error="invalid_token"',
  });
  assert.equal((await ask("/proved", [])).says, `DPoP ${ALGORITHMS}`);
  assert.equal((await ask("/plain", [])).says, 'Bearer realm="postern"');
  const otherBinding = await scene.issuer.token("RS256", "", { claims: { cnf: { kid: "x" } } });
  assert.equal((await ask("/plain", [`Authorization: Bearer ${otherBinding}`])).reason, "token_confirmation");
});

test("step-up: a weaker or older authentication is told what is missing (RFC 9470)", async () => {
  const now = Math.floor(Date.now() / 1000);
  const strong = { acr: "mfa", amr: ["pwd", "hwk"], auth_time: now - 60 };
  const pay = async (claims: object, scope = "pay") =>
    ask("/payments", [`Authorization: Bearer ${await scene.issuer.token("RS256", scope, { claims: { ...claims } })}`]);
  assert.equal((await pay(strong)).status, 200);
  const says =
    'Bearer error="insufficient_user_authentication", error_description="authentication methods needed: hwk", acr_values="phr mfa", max_age="300"';
  for (const weaker of [
    { acr: "pwd" },
    { acr: ["pwd", "mfa"] },
    { amr: ["pwd"] },
    { auth_time: now - 400 },
    { auth_time: now + 400 },
    { auth_time: "now" },
  ]) {
    const answer = await pay({ ...strong, ...weaker });
    assert.deepEqual(answer, { status: 401, reason: "authentication_insufficient", says });
  }
  assert.equal((await pay({})).reason, "authentication_insufficient");
  assert.deepEqual(await pay(strong, "read"), {
    status: 403,
    reason: "grant_missing",
    says: 'Bearer error="insufficient_scope"',
  });
});

test("where the policy asks for a nonce, a client gets one and gets in with it", { timeout: 240_000 }, async () => {
  const plain = `
version: 1
identity:
  dpop: { nonce: true, origins: ["https://api.shop.example"] }
  issuers:
    - { name: shop, issuer: "https://issuer.shop.example", audiences: [orders], algorithms: [RS256], jwks: { file: ./jwks.json }, senderConstrained: any }
routes: [{ name: a, match: { path: /a }, allow: [{ issuer: shop }], score: off }]
`;
  const second = await startTestGateway({
    upstream: scene.upstream.url,
    policy: plain,
    files: { "jwks.json": scene.issuer.jwks },
  });
  try {
    const token = await dpopToken();
    const send = async (changes: ProofChanges) => {
      const proof = await client.proof("GET", "https://api.shop.example/a", token, changes);
      const headers = `Authorization: DPoP ${token}\r\nDPoP: ${proof}`;
      return sendRaw(second.url, `GET /a HTTP/1.1\r\nHost: internal\r\n${headers}\r\n\r\n`);
    };
    const asked = await send({});
    assert.equal(asked.status, 401);
    assert.equal(asked.headers["www-authenticate"], `DPoP error="use_dpop_nonce", ${ALGORITHMS}`);
    const nonce = asked.headers["dpop-nonce"];
    assert.match(nonce ?? "", /^[\w-]{22}$/);
    assert.equal((await send({ claims: { nonce } })).status, 200);
    assert.equal((await send({ claims: { nonce: "x".repeat(22) } })).status, 401);
    const invited = await sendRaw(second.url, "GET /a HTTP/1.1\r\nHost: internal\r\n\r\n");
    assert.equal(invited.headers["www-authenticate"], `Bearer realm="postern", DPoP ${ALGORITHMS}`);
  } finally {
    await second.stop();
  }
});
