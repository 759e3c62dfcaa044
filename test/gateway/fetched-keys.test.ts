import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { eventually } from "../harness/eventually.ts";
import { startTestGateway, type TestGateway } from "../harness/gateway.ts";
import { makeIssuer, type TestIssuer } from "../harness/issuer.ts";
import { type KeyServer, startKeyServer } from "../harness/key-server.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";

const policy = (shop: KeyServer, away: KeyServer, brief: KeyServer, bundle: KeyServer) => `
version: 1
mode: prevent
identity:
  issuers:
    - { name: shop, issuer: "https://shop.example", audiences: [orders], algorithms: [ES256, PS256], jwks: { uri: "${shop.uri}", refresh: 1h } }
    - { name: away, issuer: "https://away.example", audiences: [orders], algorithms: [ES256], jwks: { uri: "${away.uri}" } }
    - { name: brief, issuer: "https://brief.example", audiences: [orders], algorithms: [ES256], jwks: { uri: "${brief.uri}", refresh: 10s, maxAge: 12s } }
    - { name: mesh, trustDomain: edge.example, audiences: [orders], algorithms: [ES256], jwks: { uri: "${bundle.uri}" } }
routes:
  - { name: order, match: { path: "/orders/{id}" }, allow: [{ issuer: shop }, { issuer: away }, { issuer: brief }], score: off }
  - { name: sync, match: { path: /sync }, allow: [{ workloads: [spiffe://edge.example/ns/*] }], score: off }
`;
/** Between two attempts to fetch keys. */
const COOL_DOWN_MS = 5_000;

let upstream: RecordingUpstream;
let gateway: TestGateway;
const servers: Record<"shop" | "away" | "brief" | "bundle", KeyServer> = {} as never;
const issuers: Record<"old" | "next" | "away" | "brief" | "mesh", TestIssuer> = {} as never;

/** The public keys of these, each under a kid of its own; `use`: as the set says. */
function jwksOf(named: Record<string, TestIssuer>, use = "sig"): string {
  const keys = Object.entries(named).flatMap(([prefix, { jwks }]) =>
    (JSON.parse(jwks) as { keys: { kid: string }[] }).keys.map((key) => ({ ...key, use, kid: `${prefix}-${key.kid}` })),
  );
  return JSON.stringify({ keys });
}

before(
  async () => {
    upstream = await startRecordingUpstream();
    issuers.old = await makeIssuer("https://shop.example", "orders", ["ES256", "PS256"]);
    issuers.next = await makeIssuer("https://shop.example", "orders", ["ES256", "PS256"]);
    issuers.away = await makeIssuer("https://away.example", "orders", ["ES256"]);
    issuers.brief = await makeIssuer("https://brief.example", "orders", ["ES256"]);
    issuers.mesh = await makeIssuer("https://spire.example", "orders", ["ES256"]);
    servers.shop = await startKeyServer(jwksOf({ old: issuers.old }));
    servers.away = await startKeyServer(null);
    servers.brief = await startKeyServer(jwksOf({ brief: issuers.brief }));
    servers.bundle = await startKeyServer(jwksOf({ mesh: issuers.mesh }, "jwt-svid"));
    const { shop, away, brief, bundle } = servers;
    gateway = await startTestGateway({ upstream: upstream.url, policy: policy(shop, away, brief, bundle) });
  },
  { timeout: 240_000 },
);
after(async () => {
  await gateway.stop();
  await upstream.stop();
  for (const server of Object.values(servers)) await server.stop();
});

const token = (of: keyof typeof issuers, algorithm: "ES256" | "PS256" = "ES256", claims = {}) =>
  issuers[of].token(algorithm, "x", { claims, header: { kid: `${of}-${algorithm.toLowerCase()}` } });

async function get(jwt: string, path = "/orders/7"): Promise<{ status: number; id: string }> {
  const response = await fetch(`${gateway.url}${path}`, { headers: { authorization: `Bearer ${jwt}` } });
  await response.arrayBuffer();
  return { status: response.status, id: response.headers.get("x-postern-decision") ?? "" };
}

test("tokens by fetched keys are believed from the first request on, in every algorithm", async () => {
  for (const algorithm of ["ES256", "PS256"] as const)
    assert.equal((await get(await token("old", algorithm))).status, 200);
  assert.equal(servers.shop.fetches, 1);
});

test("while the limit is not reached, an outage changes nothing; from then on 503", { timeout: 60_000 }, async () => {
  const jwt = await token("brief");
  assert.equal((await get(jwt)).status, 200);
  servers.brief.jwks = null;
  const started = Date.now();
  const { id } = await eventually(
    () => get(jwt),
    ({ status }) => status !== 200,
  );
  assert.ok(Date.now() - started > 1_000);
  assert.equal((await gateway.waitForRecord(id)).reason, "keys_unavailable");
  servers.brief.jwks = jwksOf({ brief: issuers.brief });
  await eventually(
    () => get(jwt),
    ({ status }) => status === 200,
  );
});

test("a key that is not known is looked for, and the old one goes on as long as the issuer has it", {
  timeout: 60_000,
}, async () => {
  const [before, after] = [await token("old"), await token("next")];
  assert.equal((await get(before)).status, 200);
  servers.shop.jwks = jwksOf({ old: issuers.old, next: issuers.next });
  const started = performance.now();
  await eventually(
    () => get(after),
    ({ status }) => status === 200,
    COOL_DOWN_MS + 10_000,
  );
  assert.ok(performance.now() - started < COOL_DOWN_MS + 10_000);
  assert.equal((await get(await token("next", "PS256"))).status, 200);
  assert.equal((await get(before)).status, 200);
  // The issuer takes its old key away: a token that was verified with it is believed no more.
  servers.shop.jwks = jwksOf({ next: issuers.next });
  const unknown = await issuers.next.token("ES256", "x", { header: { kid: "nobody" } });
  const { id } = await eventually(
    async () => {
      await get(unknown);
      return get(before);
    },
    ({ status }) => status !== 200,
    COOL_DOWN_MS + 10_000,
  );
  assert.equal((await gateway.waitForRecord(id)).reason, "token_key");
  assert.equal((await get(after)).status, 200);
});

test("a flood of unknown keys fetches nothing but once in a cool-down", { timeout: 60_000 }, async () => {
  const before = servers.shop.fetches;
  const started = performance.now();
  const tokens = await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      issuers.next.token("ES256", "x", { header: { kid: `unknown-${index}` } }),
    ),
  );
  const answers = await Promise.all(tokens.map((jwt) => get(jwt)));
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [401]);
  const most = 1 + Math.ceil((performance.now() - started) / COOL_DOWN_MS);
  assert.ok(servers.shop.fetches - before <= most, `${servers.shop.fetches - before} fetches`);
});

test("a set with a secret key is not taken", { timeout: 60_000 }, async () => {
  const set = JSON.parse(jwksOf({ old: issuers.old })) as { keys: object[] };
  servers.shop.jwks = JSON.stringify({ keys: [...set.keys, { kty: "oct", kid: "s", k: "c2VjcmV0" }] });
  const fetches = servers.shop.fetches;
  const jwt = await token("old");
  await eventually(
    async () => {
      await get(jwt);
      return servers.shop.fetches;
    },
    (now) => now > fetches,
    COOL_DOWN_MS + 10_000,
  );
  assert.equal((await get(jwt)).status, 401);
  assert.equal((await get(await token("next"))).status, 200);
  servers.shop.jwks = jwksOf({ next: issuers.next });
});

test("an issuer that was never reached", async () => {
  const { status, id } = await get(await token("away"));
  assert.equal(status, 503);
  assert.equal((await gateway.waitForRecord(id)).reason, "keys_unavailable");
});

test("a JWT-SVID says who the workload is, of its own trust domain only", async () => {
  const svid = (sub: string, changes = {}) => token("mesh", "ES256", { sub, iss: undefined, ...changes });
  const good = "spiffe://edge.example/ns/shop/sa/web";
  const seen = upstream.requests.length;
  assert.equal((await get(await svid(good), "/sync")).status, 200);
  assert.equal(upstream.requests[seen]?.headers["x-postern-workload"], good);
  assert.equal(upstream.requests[seen]?.headers["x-postern-subject"], undefined);
  assert.equal((await get(await svid(good, { iss: "https://spire.example" }), "/sync")).status, 200);
  assert.equal((await get(await svid("spiffe://edge.example/other"), "/sync")).status, 403);
  for (const changes of [{ aud: "elsewhere" }, { aud: undefined }, { exp: undefined }, { exp: 1 }])
    assert.equal((await get(await svid(good, changes), "/sync")).status, 401, JSON.stringify(changes));
  for (const sub of [
    "spiffe://other.example/ns/shop",
    "spiffe://edge.example",
    "edge.example/ns/x",
    "spiffe://edge.example/ns/../x",
    "",
  ])
    assert.equal((await get(await svid(sub), "/sync")).status, 401, sub);
  for (const [typ, status] of [
    ["JWT", 200],
    ["JOSE", 200],
    ["at+jwt", 401],
  ] as const) {
    const typed = issuers.mesh.token("ES256", "", { claims: { sub: good }, header: { kid: "mesh-es256", typ } });
    assert.equal((await get(await typed, "/sync")).status, status, typ);
  }
  // Whoever else has an issuer here can't speak for workloads.
  const foreign = await token("next", "ES256", { sub: good });
  assert.equal((await get(foreign, "/sync")).status, 403);
  const claimed = await token("next", "ES256", { sub: good, iss: undefined });
  assert.equal((await get(claimed, "/sync")).status, 401);
});

test("without issuer and sidecar's memory of this run, a restarted sidecar has the keys that it stored", {
  timeout: 90_000,
}, async () => {
  servers.shop.jwks = null;
  const pid = await gateway.sidecarPid();
  process.kill(pid, "SIGKILL");
  const known = await token("next");
  assert.equal((await get(known)).status, 200, "while it is away");
  await eventually(
    () => gateway.sidecarPid(),
    (now) => now !== pid,
  );
  await eventually(
    async () => (await get(await token("next", "PS256"))).status,
    (status) => status === 200,
    40_000,
  );
  assert.equal((await get(await token("next"))).status, 200);
});

test("once the policy names another place for its keys, an issuer's former ones are believed no more", {
  timeout: 60_000,
}, async () => {
  const { shop, away, brief, bundle } = servers;
  // Whether or not the sidecar is there to say so.
  const sidecar = await gateway.sidecarPid();
  process.kill(sidecar, "SIGSTOP");
  const jwt = await token("next");
  assert.equal((await get(jwt)).status, 200);
  await writeFile(gateway.policyPath, policy(away, away, brief, bundle));
  const refused = [
    await eventually(
      () => get(jwt),
      (answer) => answer.status !== 200,
    ),
  ];
  process.kill(sidecar, "SIGCONT");
  await gateway.waitForRecord(refused[0]?.id ?? "");
  refused.push(await get(jwt));
  assert.deepEqual(
    refused.map(({ status }) => status),
    [503, 503],
  );
  const reasons = await Promise.all(refused.map(async ({ id }) => (await gateway.waitForRecord(id)).reason));
  assert.deepEqual(reasons, ["token_unverifiable", "keys_unavailable"]);
  await writeFile(gateway.policyPath, policy(shop, away, brief, bundle));
  await eventually(
    () => get(jwt),
    (answer) => answer.status === 200,
  );
});
