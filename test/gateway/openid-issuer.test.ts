import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair } from "jose";
import { makeDpopClient } from "../harness/dpop.ts";
import { eventually } from "../harness/eventually.ts";
import { runPostern, startTestGateway, type TestGateway } from "../harness/gateway.ts";
import { type OpenidIssuer, type PrivateKeys, startOpenidIssuer } from "../harness/openid-issuer.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";

const AUDIENCE = "urn:shop:orders";
/** Between two attempts to fetch keys. */
const COOL_DOWN_MS = 5_000;

const policy = (url: string, jwksUri: string) => `
version: 1
mode: prevent
identity:
  issuers:
    - { name: shop, issuer: "${url}", audiences: ["${AUDIENCE}"], algorithms: [ES256], jwks: { uri: "${jwksUri}", refresh: 1h } }
routes:
  - { name: read, match: { path: "/orders/{id}" }, allow: [{ issuer: shop, scopes: [orders:read] }], score: off }
  - { name: pay, match: { path: /pay }, allow: [{ issuer: shop }], senderConstrained: dpop, score: off }
`;

let upstream: RecordingUpstream;
let issuer: OpenidIssuer;
let gateway: TestGateway;
let [first, second]: PrivateKeys["keys"][number][] = [];

async function signingKey(kid: string): Promise<PrivateKeys["keys"][number]> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg: "ES256", use: "sig" } as PrivateKeys["keys"][number];
}

before(
  async () => {
    upstream = await startRecordingUpstream();
    [first, second] = [await signingKey("first"), await signingKey("second")];
    issuer = await startOpenidIssuer(AUDIENCE, { keys: [first] });
    gateway = await startTestGateway({ upstream: upstream.url, policy: policy(issuer.url, await issuer.jwksUri()) });
  },
  { timeout: 240_000 },
);
after(async () => {
  await gateway.stop();
  await upstream.stop();
  await issuer.use(null);
});

async function get(path: string, headers: Record<string, string>): Promise<{ status: number; id: string }> {
  const response = await fetch(`${gateway.url}${path}`, { headers });
  await response.arrayBuffer();
  return { status: response.status, id: response.headers.get("x-postern-decision") ?? "" };
}
const read = (token: string) => get("/orders/7", { authorization: `Bearer ${token}` });
const kidOf = (token: string) => decodeProtectedHeader(token).kid;

test("an access token (RFC 9068) is let in where its scopes allow", async () => {
  const token = await issuer.accessToken("orders:read");
  assert.equal(decodeProtectedHeader(token).typ, "at+jwt");
  assert.equal((await read(token)).status, 200);
  const { id, status } = await read(await issuer.accessToken("orders:write"));
  assert.deepEqual([status, (await gateway.waitForRecord(id)).reason], [403, "grant_missing"]);
});

test("a token that the issuer bound to a client's key is good with a proof by it, once", async () => {
  const client = await makeDpopClient();
  const proofForToken = await client.proof("POST", `${issuer.url}/token`, "", { claims: { ath: undefined } });
  const token = await issuer.accessToken("orders:read", { dpop: proofForToken });
  assert.deepEqual(decodeJwt(token).cnf, { jkt: client.thumbprint });
  const proof = await client.proof("GET", `${gateway.url}/pay`, token);
  const bound = { authorization: `DPoP ${token}`, dpop: proof };
  assert.equal((await get("/pay", bound)).status, 200);
  assert.equal((await get("/pay", bound)).status, 401, "the proof was used");
  assert.equal((await read(token)).status, 401, "it is no bearer token");
  const unbound = await issuer.accessToken("orders:read");
  assert.equal((await get("/pay", { authorization: `Bearer ${unbound}` })).status, 401);
});

test("the issuer takes a new key: its tokens are let in, the old ones as long as it publishes their key", {
  timeout: 90_000,
}, async () => {
  const old = await issuer.accessToken("orders:read");
  assert.equal((await read(old)).status, 200);
  await issuer.use({ keys: [second, first] as PrivateKeys["keys"] });
  const fresh = await issuer.accessToken("orders:read");
  assert.deepEqual([kidOf(old), kidOf(fresh)], ["first", "second"]);
  await eventually(
    () => read(fresh),
    ({ status }) => status === 200,
    COOL_DOWN_MS + 20_000,
  );
  assert.equal((await read(old)).status, 200, "overlap");
});

test("while the issuer is away, tokens go on and a key that nobody knows is refused", { timeout: 60_000 }, async () => {
  const [token, unseen] = [await issuer.accessToken("orders:read"), await issuer.accessToken("orders:read")];
  assert.equal((await read(token)).status, 200);
  await issuer.use(null);
  assert.equal((await read(token)).status, 200);
  assert.equal((await read(unseen)).status, 200, "verified by the keys that were fetched before");
  const third = await signingKey("third");
  await issuer.use({ keys: [third] });
  const foreign = await issuer.accessToken("orders:read");
  await issuer.use(null);
  const { status, id } = await read(foreign);
  assert.deepEqual([status, (await gateway.waitForRecord(id)).reason], [401, "token_key"]);
  await issuer.use({ keys: [second, first] as PrivateKeys["keys"] });
});

test("a token of it that is revoked here is refused, another of the same client is not", {
  timeout: 60_000,
}, async () => {
  const [stolen, other] = [await issuer.accessToken("orders:read"), await issuer.accessToken("orders:read")];
  assert.equal((await read(stolen)).status, 200);
  const { jti } = decodeJwt(stolen);
  const { output, ended } = runPostern(["revoke", "--jti", jti ?? "", "--state", gateway.state]);
  assert.equal(await ended, 0, output());
  assert.equal((await read(stolen)).status, 401);
  assert.equal((await read(other)).status, 200);
});
