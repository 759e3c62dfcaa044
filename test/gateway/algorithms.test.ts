import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../harness/eventually.ts";
import { PUBLIC_KEY_ALGORITHMS, type TestAlgorithm } from "../harness/issuer.ts";
import { issuingScene } from "./scene.ts";

const policy = `
version: 1
mode: prevent
identity:
  issuers:
    - name: shop
      issuer: https://issuer.shop.example
      audiences: [orders]
      algorithms: [${PUBLIC_KEY_ALGORITHMS}]
      jwks: { file: ./jwks.json }
routes:
  - { name: order, match: { path: "/orders/{id}" }, allow: [{ issuer: shop, scopes: [orders:read] }], score: off }
  - { name: note, match: { path: /notes }, allow: [{ issuer: shop, scopes: [orders:read] }], score: { onUnavailable: open } }
  - { name: watched, match: { path: /watched }, mode: detect, allow: [{ issuer: shop, scopes: [orders:read] }] }
  - { name: open, match: { path: /open }, public: true, score: off }
`;
/** Those that only the sidecar can verify. */
const FAR: readonly TestAlgorithm[] = ["PS256", "PS384", "PS512", "EdDSA"];
const attack = "q=1' UNION SELECT username, password FROM users WHERE '1'='1' --";

const scene = issuingScene({ policy }, PUBLIC_KEY_ALGORITHMS);

const good = (algorithm: TestAlgorithm) => scene.issuer.token(algorithm, "orders:read");

async function send(path: string, token: string, body?: string): Promise<[status: number, id: string]> {
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : form) };
  const request = body === undefined ? { headers } : { method: "POST", headers, body };
  const response = await fetch(`${scene.gateway.url}${path}`, request);
  await response.arrayBuffer();
  return [response.status, response.headers.get("x-postern-decision") ?? ""];
}

/** The same with one bit of the signature turned. */
function forged(token: string): string {
  const [header, payload, signature = ""] = token.split(".");
  const bytes = Buffer.from(signature, "base64url");
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  return `${header}.${payload}.${bytes.toString("base64url")}`;
}

for (const algorithm of PUBLIC_KEY_ALGORITHMS) {
  test(`${algorithm}: a good token is let in, one with a changed signature is not`, { timeout: 60_000 }, async () => {
    const token = await good(algorithm);
    assert.equal((await send("/orders/7", token))[0], 200);
    const seen = scene.upstream.arrivals.length;
    const [status, id] = await send("/orders/7", forged(token));
    assert.equal(status, 401);
    assert.equal(scene.upstream.arrivals.length, seen);
    assert.equal((await scene.gateway.waitForRecord(id)).reason, "token_signature");
  });
}

test("a key is good for its own algorithm only", async () => {
  const rs = await scene.issuer.token("RS256", "orders:read", { header: { kid: "ps256" } });
  assert.equal((await send("/orders/7", rs))[0], 401);
  const ps = await scene.issuer.token("PS256", "orders:read", { header: { kid: "rs256" } });
  assert.equal((await send("/orders/7", ps))[0], 401);
});

test("a body that comes while the sidecar verifies the token is judged and forwarded whole", async () => {
  const before = scene.upstream.requests.length;
  const text = `note=${"harmless words ".repeat(500)}`;
  assert.equal((await send("/notes", await good("PS256"), text))[0], 200);
  assert.equal(scene.upstream.requests[before]?.body.toString(), text);
  assert.equal((await send("/watched", await good("PS384"), text))[0], 200);
  assert.equal(scene.upstream.requests[before + 1]?.body.toString(), text);
  assert.equal((await send("/notes", await good("EdDSA"), attack))[0], 403);
  assert.equal((await send("/notes", await good("PS512"), "x".repeat(100_000)))[0], 413);
  assert.equal(scene.upstream.requests.length, before + 2);
  const [, id] = await send("/watched", await good("EdDSA"), attack);
  assert.match((await scene.gateway.waitForRecord(id)).wouldDeny ?? "", /^attack_/);
});

test("without the sidecar known tokens go on and new ones of these algorithms get 503", {
  timeout: 90_000,
}, async () => {
  const known = await Promise.all(FAR.map(good));
  for (const token of known) assert.equal((await send("/orders/7", token))[0], 200);
  const pid = await scene.gateway.sidecarPid();
  process.kill(pid, "SIGSTOP");
  const unknown: string[] = [];
  try {
    for (const token of known) assert.equal((await send("/orders/7", token))[0], 200);
    for (const algorithm of ["RS512", "ES384", "ES512"] as const)
      assert.equal((await send("/orders/7", await good(algorithm)))[0], 200, algorithm);
    const seen = scene.upstream.arrivals.length;
    for (const algorithm of FAR) {
      const [status, id] = await send("/orders/7", await good(algorithm));
      assert.equal(status, 503, algorithm);
      unknown.push(id);
    }
    assert.equal(scene.upstream.arrivals.length, seen);
    assert.equal((await send("/open", await good("PS256")))[0], 200, "a public route takes no token");
  } finally {
    process.kill(pid, "SIGCONT");
  }
  for (const id of unknown) assert.equal((await scene.gateway.waitForRecord(id)).reason, "token_unverifiable");
  process.kill(await scene.gateway.sidecarPid(), "SIGKILL");
  for (const token of known) assert.equal((await send("/orders/7", token))[0], 200);
  const late = await good("PS256");
  await eventually(
    () => send("/orders/7", late),
    ([status]) => status === 200,
  );
});
