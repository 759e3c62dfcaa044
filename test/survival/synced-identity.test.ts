import assert from "node:assert/strict";
import { createHash, createPublicKey, type JsonWebKey } from "node:crypto";
import { after, before, test } from "node:test";
import { eventually } from "../harness/eventually.ts";
import { makeIssuer, type TestAlgorithm, type TestIssuer } from "../harness/issuer.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { type Enforcement, startEnforcement } from "./enforcement.ts";
import {
  answer,
  begin,
  benign,
  frame,
  type PlayedSidecar,
  playSidecar,
  signed,
  syncResponse,
  verdict,
} from "./played-sidecar.ts";

const ISSUER = "https://issuer.shop.example";
const FETCHED = "https://fetched.example";
const ES256 = 2;
const PS256 = 128;

let upstream: RecordingUpstream;
let issuer: TestIssuer;
/** Whose keys the sidecar would like to have believed. */
let liar: TestIssuer;
let gate: Enforcement;
let sidecar: PlayedSidecar;

before(
  async () => {
    upstream = await startRecordingUpstream();
    issuer = await makeIssuer(ISSUER, "orders", ["RS256", "ES256", "PS256"]);
    liar = await makeIssuer(FETCHED, "orders", ["RS256", "ES256", "PS256"]);
    const policy = `
version: 1
mode: prevent
identity:
  issuers:
    - { name: shop, issuer: "${ISSUER}", audiences: [orders], algorithms: [RS256, ES256, PS256], jwks: { inline: ${issuer.jwks} } }
    - { name: fetched, issuer: "${FETCHED}", audiences: [orders], algorithms: [ES256], jwks: { uri: "https://fetched.example/jwks" } }
  assertion: { issuer: gate, audience: shop }
routes:
  - { name: signed, match: { path: /signed }, allow: [{ issuer: shop }], assertion: true, score: off }
  - { name: order, match: { path: /** }, allow: [{ issuer: shop }, { issuer: fetched }], score: off }
`;
    gate = await startEnforcement({ upstream: upstream.url, policy });
    sidecar = await playSidecar(gate.sidecarSocket, benign);
  },
  { timeout: 240_000 },
);
after(async () => {
  await gate.stop();
  await sidecar.stop();
  await upstream.stop();
});

async function status(jwt: string, path = "/orders/7"): Promise<number> {
  const response = await fetch(`${gate.url}${path}`, { headers: { authorization: `Bearer ${jwt}` } });
  await response.arrayBuffer();
  return response.status;
}

const foreign = (algorithm: TestAlgorithm, iss: string) => liar.token(algorithm, "x", { claims: { iss } });

let version = 1;
/** Has every worker take this state; resolves when they said so, or have asked again after refusing it. */
async function give(state: object, taken = true): Promise<void> {
  const mine = ++version;
  let asked = 0;
  sidecar.sync = (stream, has) => {
    asked += 1;
    answer(stream, has === mine ? Buffer.alloc(0) : syncResponse({ version: mine, ...state }));
  };
  await eventually(
    () => (taken ? [...sidecar.workers.values()].every((has) => has === mine) : asked > 12),
    (done) => done,
  );
}

const keyOf = (kid: string, algorithms: number) => {
  const { keys } = JSON.parse(liar.jwks) as { keys: { kid: string }[] };
  return { kid, algorithms, spki: spkiOf(keys.find((key) => key.kid === kid) ?? {}) };
};
const spkiOf = (jwk: JsonWebKey) =>
  createPublicKey({ key: jwk, format: "jwk" }).export({ type: "spki", format: "der" });
const now = () => Date.now();

test("keys that the policy gives are not replaced, whatever the sidecar syncs", { timeout: 60_000 }, async () => {
  await give({
    keys: [{ issuer: "shop", fetchedUnixMs: now(), keys: [keyOf("es256", ES256), keyOf("ps256", PS256)] }],
  });
  assert.equal(await status(await foreign("ES256", ISSUER)), 401);
  assert.equal(await status(await issuer.token("ES256", "x")), 200);
  assert.equal(await status(await issuer.token("RS256", "x")), 200);
});

test("keys that were fetched elsewhere than the policy says are not believed", { timeout: 60_000 }, async () => {
  const from = (uri: string) => ({
    keys: [{ issuer: "fetched", fetchedUnixMs: now(), keys: [keyOf("es256", ES256)], uri }],
  });
  await give(from("https://former.example/jwks"));
  assert.equal(await status(await foreign("ES256", FETCHED)), 503);
  await give(from("https://fetched.example/jwks"));
  assert.equal(await status(await foreign("ES256", FETCHED)), 200);
});

test("fetched keys are for the algorithms of the policy only, and as old as they are", {
  timeout: 60_000,
}, async () => {
  await give({
    keys: [{ issuer: "fetched", fetchedUnixMs: now(), keys: [keyOf("ps256", PS256), keyOf("es256", ES256)] }],
  });
  assert.equal(await status(await foreign("PS256", FETCHED)), 401);
  assert.equal(
    await status(await foreign("ES256", FETCHED)),
    200,
    "who brings an issuer's keys is believed about them",
  );
  const old = now() - 25 * 3_600_000;
  await give({ keys: [{ issuer: "fetched", fetchedUnixMs: old, keys: [keyOf("es256", ES256)] }] });
  assert.equal(await status(await foreign("ES256", FETCHED)), 503);
});

test("a state that is not sound is not taken", { timeout: 60_000 }, async () => {
  await give({ keys: [{ issuer: "fetched", fetchedUnixMs: now(), keys: [keyOf("es256", ES256)] }] });
  const entry = Buffer.concat([Buffer.alloc(16, 1), Buffer.alloc(4, 255)]);
  const states = [
    { keys: [{ issuer: "fetched", fetchedUnixMs: 0, keys: [] }] },
    { revocations: { entries: Buffer.alloc(19), writtenUnixMs: 0 } },
    { revocations: { entries: Buffer.concat([entry, entry]), writtenUnixMs: 0 } },
    { revocations: { entries: Buffer.alloc(20 * 10_001), writtenUnixMs: 0 } },
  ];
  for (const state of states) await give(state, false);
  assert.equal(await status(await foreign("ES256", FETCHED)), 200, "the last sound one is in force");
  const good = keyOf("es256", ES256);
  const keys = [{ ...good, kid: "x".repeat(257) }, { ...good, kid: "secret", algorithms: 4 }, good];
  await give({ keys: [{ issuer: "fetched", fetchedUnixMs: now(), keys }] });
  assert.equal(await status(await foreign("ES256", FETCHED)), 200, "what is wrong with one key is not the others'");
});

test("a sidecar that vouches for everything is asked of nothing but the algorithms that need it", {
  timeout: 60_000,
}, async () => {
  const asked: string[] = [];
  sidecar.verify = (stream, algorithm) => {
    asked.push(algorithm);
    answer(stream, verdict(true));
  };
  for (const algorithm of ["RS256", "ES256"] as const)
    assert.equal(await status(await foreign(algorithm, ISSUER)), 401);
  assert.deepEqual(asked, []);
  const elsewhere = await liar.token("PS256", "x", { claims: { iss: ISSUER, aud: "elsewhere" } });
  assert.equal(await status(elsewhere), 401, "audience, time and issuer are not the sidecar's to say");
  assert.equal(await status(await foreign("PS256", ISSUER)), 200, "what is said in docs/policy.md");
  assert.deepEqual(asked, ["PS256", "PS256"]);
});

test("answers that are none: 503, and the request waits no longer than half a second", {
  timeout: 60_000,
}, async () => {
  const faults: ((stream: Parameters<PlayedSidecar["verify"]>[0]) => void)[] = [
    () => undefined,
    (stream) => stream.close(),
    (stream) => answer(stream, Buffer.from([0xff, 0xff])),
    (stream) => answer(stream, Buffer.alloc(1000)),
    (stream) => answer(stream, Buffer.alloc(0), "14"),
  ];
  for (const fault of faults) {
    sidecar.verify = fault;
    const started = performance.now();
    assert.equal(await status(await issuer.token("PS256", "x", { claims: { jti: `${started}` } })), 503);
    assert.ok(performance.now() - started < 5_000);
  }
  sidecar.verify = (stream) => answer(stream, verdict(false));
  assert.equal(await status(await issuer.token("PS256", "x", { claims: { jti: "no" } })), 401);
});

test("a synced revocation is in force, and outlives the sidecar", { timeout: 60_000 }, async () => {
  const jwt = await issuer.token("ES256", "x", { claims: { jti: "stolen" } });
  assert.equal(await status(jwt), 200);
  const mark = createHash("sha256").update(`jti\0${ISSUER}\0stolen`).digest().subarray(0, 16);
  await give({ revocations: { entries: Buffer.concat([mark, Buffer.alloc(4, 255)]), writtenUnixMs: 0 } });
  assert.equal(await status(jwt), 401);
  await sidecar.stop();
  assert.equal(await status(jwt), 401);
  sidecar = await playSidecar(gate.sidecarSocket, benign);
});

test("a sidecar that signs badly, or not at all, has nothing put into the upstream's headers", {
  timeout: 60_000,
}, async () => {
  const faults: [name: string, sign: PlayedSidecar["sign"]][] = [
    ["nothing", (stream) => answer(stream, Buffer.alloc(0))],
    ["two header fields", (stream) => answer(stream, signed("a.b.c\r\nx-forged: 1"))],
    ["two values", (stream) => answer(stream, signed("a.b.c, d.e.f"))],
    ["a NUL", (stream) => answer(stream, signed("a.b\0.c"))],
    ["bytes that are no text", (stream) => answer(stream, signed(Buffer.alloc(40, 0xff)))],
    ["more than a token has", (stream) => answer(stream, signed("a".repeat(8193)))],
    ["more than is taken in", (stream) => answer(stream, signed("a".repeat(20_000)))],
    ["no message", (stream) => answer(stream, Buffer.alloc(40, 0xff))],
    ["half a message", (stream) => begin(stream, frame(signed("a.b.c"), 400))],
    ["an error", (stream) => answer(stream, Buffer.alloc(0), "14")],
    ["a reset", (stream) => stream.close(2)],
    ["no answer", () => {}],
  ];
  for (const [name, sign] of faults) {
    sidecar.sign = sign;
    const seen = upstream.arrivals.length;
    assert.equal(await status(await issuer.token("ES256", "x", { claims: { sub: name } }), "/signed"), 503, name);
    assert.equal(upstream.arrivals.length, seen, name);
  }
  const asked: string[] = [];
  const revoked = await issuer.token("ES256", "x", { claims: { sub: "revoked", jti: "meanwhile" } });
  const mark = createHash("sha256").update(`jti\0${ISSUER}\0meanwhile`).digest().subarray(0, 16);
  const revocations = { entries: Buffer.concat([mark, Buffer.alloc(4, 255)]), writtenUnixMs: 0 };
  sidecar.sign = (stream) => void give({ revocations }).then(() => answer(stream, signed("a.b.c")));
  assert.equal(await status(revoked, "/signed"), 401, "it was revoked while its assertion was signed");
  await give({});
  sidecar.sign = (stream, claims) => {
    asked.push(claims);
    answer(stream, signed("a.b.c"));
  };
  for (let i = 0; i < 3; i++) assert.equal(await status(await issuer.token("ES256", "x"), "/signed"), 200);
  assert.equal(upstream.requests.at(-1)?.headers["x-postern-assertion"], "a.b.c");
  const claims = { iss: "gate", aud: "shop", sub: "ada", token_issuer: ISSUER, scope: "x" };
  assert.deepEqual(
    asked.map((text) => JSON.parse(text)),
    [claims],
    "once for who asks, whatever token they have",
  );
});
