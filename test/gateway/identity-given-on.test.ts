import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, type JWTPayload, jwtVerify } from "jose";
import { makeDpopClient } from "../harness/dpop.ts";
import { eventually } from "../harness/eventually.ts";
import { sendRaw } from "../harness/raw-http.ts";
import type { RecordedRequest } from "../harness/upstream.ts";
import { issuingScene } from "./scene.ts";

const policy = `
version: 1
mode: prevent
identity:
  issuers:
    - { name: shop, issuer: https://issuer.shop.example, audiences: [orders], algorithms: [RS256, ES256], jwks: { file: ./jwks.json } }
  headers: { claims: { tenant: x-tenant, groups: X-Groups, level: x-level, address: x-address } }
  assertion: { header: x-gate-identity, issuer: https://gate.shop.example, audience: shop, lifetime: 12s, claims: [tenant, address, none] }
routes:
  - { name: order, match: { path: "/orders/{id}" }, allow: [{ issuer: shop }], assertion: true, score: off }
  - { name: bound, match: { path: /bound }, allow: [{ issuer: shop }], senderConstrained: dpop, assertion: true, score: off }
  - { name: note, match: { path: /notes }, allow: [{ issuer: shop }], assertion: true, score: { onUnavailable: open } }
  - { name: watched, match: { path: /watched }, mode: observe, allow: [{ issuer: shop }], assertion: true, score: off }
  - { name: plain, match: { path: /plain }, allow: [{ issuer: shop }], score: off }
  - { name: refused, match: { path: /refused }, mode: observe, allow: [{ issuer: shop, scopes: [none] }], assertion: true, score: off }
  - { name: open, match: { path: /open }, public: true, score: off }
`;

const scene = issuingScene({ policy });

const ada = { tenant: "north", groups: ["a,b", "c é"], level: 3, address: { city: 'Q"\\' }, sub: "ada" };

interface Sent {
  readonly status: number;
  readonly decision: string;
  /** As the upstream saw it. */
  readonly seen: RecordedRequest | undefined;
  readonly assertion: string;
}

async function send(path: string, token: string, more: readonly string[] = [], body = ""): Promise<Sent> {
  const before = scene.upstream.requests.length;
  const authorization = token === "" ? [] : [`Authorization: ${token.includes(" ") ? token : `Bearer ${token}`}`];
  const length = body === "" ? [] : [`Content-Length: ${body.length}`];
  const lines = [`${body === "" ? "GET" : "POST"} ${path} HTTP/1.1`, "Host: shop.example", ...authorization, ...more];
  const { status, headers } = await sendRaw(scene.gateway.url, [...lines, ...length, "", body].join("\r\n"));
  const seen = scene.upstream.requests[before];
  const assertion = String(seen?.headers["x-gate-identity"] ?? "");
  return { status, decision: headers["x-postern-decision"] ?? "", seen, assertion };
}

const jwks = async () =>
  JSON.parse(await readFile(join(scene.gateway.state, "assertion-jwks.json"), "utf8")) as JSONWebKeySet;

/** Its claims, by the published keys and a library of the upstream's choice. */
async function verified(assertion: string): Promise<JWTPayload> {
  const wanted = { issuer: "https://gate.shop.example", audience: "shop", algorithms: ["ES256"] };
  return (await jwtVerify(assertion, createLocalJWKSet(await jwks()), wanted)).payload;
}

test("claims are given on in their headers, and never what a client sent under any of the names", async () => {
  const token = await scene.issuer.token("RS256", "orders:read", { claims: ada });
  const forged = ["X-Tenant: forged", "x_tenant: forged", "X-Groups: forged", "X-Gate-Identity: forged"];
  for (const path of ["/orders/7", "/plain", "/watched", "/refused", "/open"]) {
    for (const credentials of path === "/orders/7" || path === "/plain" ? [token] : [token, "", "not.a.token"]) {
      const { status, seen } = await send(path, credentials, [
        ...forged,
        "x_gate_identity: forged",
        "X-Address: forged",
      ]);
      assert.equal(status, 200, path);
      assert.doesNotMatch(seen?.rawHeaders.join("\n") ?? "forged", /forged/, path);
      const told = ["x-tenant", "x-groups", "x-level", "x-address"].map((name) => seen?.headers[name]);
      const all = credentials === token ? ["north", "a%2Cb,c %C3%A9", "3", undefined] : Array(4).fill(undefined);
      assert.deepEqual(told, all, path);
    }
  }
});

test("an assertion says who asks, and the published keys prove it", async () => {
  const token = await scene.issuer.token("RS256", "orders:read notes", { claims: ada });
  const { assertion } = await send("/orders/7", token);
  const { iat = 0, exp = 0, jti, ...claims } = await verified(assertion);
  assert.deepEqual(claims, {
    iss: "https://gate.shop.example",
    aud: "shop",
    sub: "ada",
    token_issuer: "https://issuer.shop.example",
    scope: "orders:read notes",
    claims: { tenant: "north", address: ada.address },
  });
  assert.ok(exp - iat > 5 && exp - iat <= 12 && typeof jti === "string", `${iat} to ${exp}`);
  const published = await fetch(new URL("/assertion/jwks.json", scene.gateway.dashboardUrl));
  assert.deepEqual(await published.json(), await jwks());
  const kept = await stat(join(scene.gateway.state, "keys", "assertion.json"));
  assert.equal(kept.mode & 0o777, 0o600);
  assert.doesNotMatch(JSON.stringify(await jwks()), /"d"/);
});

test("one is signed for each who asks, used again, renewed in time, and never outlives the token", {
  timeout: 60_000,
}, async () => {
  const token = await scene.issuer.token("ES256", "a", { claims: { sub: "grace" } });
  // A gateway that has just started may take its policy once more, and begins with an empty memory then.
  const [assertion] = await eventually(
    async () => [(await send("/orders/7", token)).assertion, (await send("/orders/8", token)).assertion] as const,
    ([first, second]) => first === second,
  );
  const other = await scene.issuer.token("ES256", "a", { claims: { sub: "edsger" } });
  assert.equal((await verified((await send("/orders/7", other)).assertion)).sub, "edsger");
  const short = await scene.issuer.token("ES256", "a", { claims: { sub: "kurt" }, expiresIn: -22 });
  const minted = Date.now() / 1000;
  const { exp = 0 } = await verified((await send("/orders/7", short)).assertion);
  assert.ok(exp <= minted + 8, "the token is good for 8 seconds more, by its 30 of clock skew");
  const renewed = await eventually(
    () => send("/orders/7", token),
    (answer) => answer.assertion !== assertion,
  );
  assert.equal((await verified(renewed.assertion)).sub, "grace");
});

test("whatever a subject or a claim holds, the assertion says just that", { timeout: 60_000 }, async () => {
  const subject = fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }).filter((text) => !/\p{Cc}/u.test(text));
  await fc.assert(
    fc.asyncProperty(subject, fc.jsonValue({ maxDepth: 3 }), async (sub, address) => {
      const token = await scene.issuer.token("ES256", "a", { claims: { sub, address } });
      const payload = await verified((await send("/orders/7", token)).assertion);
      assert.deepEqual([payload.sub, payload.claims], [sub, JSON.parse(JSON.stringify({ address }))]);
    }),
    { numRuns: 60 },
  );
});

test("who is refused, or asks in public, is given no assertion", async () => {
  const token = await scene.issuer.token("RS256", "orders:read", { claims: ada });
  for (const path of ["/refused", "/open", "/plain"]) assert.equal((await send(path, token)).assertion, "", path);
});

test("neither a proof of possession nor a body is lost while the sidecar signs", async () => {
  const client = await makeDpopClient();
  const claims = { sub: "barbara", cnf: { jkt: client.thumbprint } };
  const bound = await scene.issuer.token("ES256", "a", { claims });
  const proof = await client.proof("GET", "http://shop.example/bound", bound);
  const first = await send("/bound", `DPoP ${bound}`, [`DPoP: ${proof}`]);
  assert.equal(first.status, 200);
  assert.equal((await verified(first.assertion)).sub, "barbara");
  assert.equal((await send("/bound", `DPoP ${bound}`, [`DPoP: ${proof}`])).status, 401);
  const text = `note=${"harmless words ".repeat(500)}`;
  const noted = await send("/notes", await scene.issuer.token("RS256", "a", { claims: { sub: "alan" } }), [], text);
  assert.equal(noted.status, 200);
  assert.equal(noted.seen?.body.toString(), text);
  assert.equal((await verified(noted.assertion)).sub, "alan");
});

test("without the sidecar a signed assertion goes on, and who has none gets 503", { timeout: 90_000 }, async () => {
  const known = await scene.issuer.token("RS256", "a", { claims: { sub: "known" } });
  const { assertion } = await send("/orders/7", known);
  const { kid } = decodeProtectedHeader(assertion);
  const pid = await scene.gateway.sidecarPid();
  process.kill(pid, "SIGSTOP");
  const refused: string[] = [];
  try {
    assert.equal((await send("/orders/7", known)).assertion, assertion);
    const fresh = await scene.issuer.token("RS256", "a", { claims: { sub: "new" } });
    const denied = await send("/orders/7", fresh);
    assert.deepEqual([denied.status, denied.seen], [503, undefined]);
    const watched = await send("/watched", fresh);
    assert.deepEqual([watched.status, watched.assertion], [200, ""]);
    refused.push(denied.decision, watched.decision);
    assert.equal((await send("/plain", fresh)).status, 200, "this route wants none");
  } finally {
    process.kill(pid, "SIGCONT");
  }
  const [denied, watched] = await Promise.all(refused.map((id) => scene.gateway.waitForRecord(id)));
  assert.deepEqual([denied?.reason, watched?.wouldDeny], ["assertion_unavailable", "assertion_unavailable"]);
  process.kill(await scene.gateway.sidecarPid(), "SIGKILL");
  const late = await scene.issuer.token("RS256", "a", { claims: { sub: "late" } });
  const back = await eventually(
    () => send("/orders/7", late),
    ({ status }) => status === 200,
    60_000,
  );
  assert.equal((await verified(back.assertion)).sub, "late");
  assert.equal(decodeProtectedHeader(back.assertion).kid, kid, "the key outlives the sidecar");
});

test("the gateway's memories are shown: entries and bytes of tokens, assertions and proofs", {
  timeout: 60_000,
}, async () => {
  const shown = async () => {
    const text = await (await fetch(new URL("/metrics", scene.gateway.dashboardUrl))).text();
    const found = text.matchAll(/^postern_sidecar_gateway_memory_(\w+)\{of="(\w+)"\} (\d+)$/gm);
    return Object.fromEntries([...found].map(([, unit, of, value]) => [`${of} ${unit}`, Number(value)]));
  };
  // Each memory is counted by turns, and told when its turn is over.
  const isCounted = (seen: Record<string, number>) =>
    (seen["tokens entries"] ?? 0) >= 8 && (seen["assertions entries"] ?? 0) >= 6 && (seen["proofs entries"] ?? 0) > 0;
  const memory = await eventually(shown, isCounted, 40_000);
  assert.ok(isCounted(memory), JSON.stringify(memory));
  assert.ok((memory["tokens bytes"] ?? 0) > 8 * 300 && (memory["assertions bytes"] ?? 0) > 6 * 400);
  assert.equal(memory["proofs bytes"], 16 * (memory["proofs entries"] ?? 0));
  assert.equal(memory["failures bytes"], 0, "nobody is limited here");
});
