import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { makeDpopClient } from "../harness/dpop.ts";
import { startTestGateway, type TestGateway } from "../harness/gateway.ts";
import { KeepAliveConnection } from "../harness/keep-alive.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { type Attack, attacks } from "./hostile/attacks.ts";
import { KeyRing } from "./hostile/key-ring.ts";

const ISSUER = "https://issuer.shop.example";
const CONNECTIONS = 16;
/** What a hostile request may get; 503: the budget of failed verifications is spent. */
const REFUSALS = [400, 401, 403, 431, 503];

const ring = new KeyRing();
const foreign = new KeyRing();
const now = Math.floor(Date.now() / 1000);
const claims = { iss: ISSUER, aud: "orders", sub: "ada", iat: now, exp: now + 3600, scope: "orders:read" };
const policy = `
version: 1
mode: prevent
identity:
  issuers:
    - name: shop
      issuer: ${ISSUER}
      audiences: [orders]
      algorithms: [RS256, ES256, EdDSA, PS256]
      jwks: { inline: ${JSON.stringify(ring.jwks())} }
routes:
  - { name: order, match: { path: "/orders/{id}" }, allow: [{ issuer: shop, scopes: [orders:read] }], score: off }
  - { name: proved, match: { path: /proved }, allow: [{ issuer: shop }], senderConstrained: dpop, score: off }
`;

let upstream: RecordingUpstream;
let gateway: TestGateway;
let connections: KeepAliveConnection[];

before(
  async () => {
    upstream = await startRecordingUpstream();
    gateway = await startTestGateway({ upstream: upstream.url, policy, workers: 2 });
    connections = Array.from({ length: CONNECTIONS }, () => new KeepAliveConnection(gateway.url));
  },
  { timeout: 240_000 },
);
after(async () => {
  for (const connection of connections) connection.close();
  await gateway.stop();
  await upstream.stop();
});

function request(path: string, authorization: readonly (string | Buffer)[], more: readonly string[] = []): Buffer {
  const parts: (string | Buffer)[] = [`GET ${path} HTTP/1.1\r\nHost: shop.example\r\n`];
  for (const line of more) parts.push(`${line}\r\n`);
  for (const value of authorization) parts.push("Authorization: ", value, "\r\n");
  return Buffer.concat([...parts, "\r\n"].map((part) => Buffer.from(part as string)));
}

interface Case {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Sends them all, `CONNECTIONS` at a time, and asserts that each is refused, by the gate itself or by Envoy's parser. */
async function refused(cases: Iterable<Case>): Promise<void> {
  const seen = upstream.arrivals.length;
  const wrong: string[] = [];
  let sent = 0;
  const queue = cases[Symbol.iterator]();
  const work = async (connection: KeepAliveConnection) => {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      const { name, bytes } = next.value;
      const { status, headers } = await connection.send("GET", bytes);
      sent += 1;
      // A trap of the VM is a 503 without the filter's own header.
      const trapped = status === 503 && headers["x-postern-decision"] === undefined;
      if (!REFUSALS.includes(status) || trapped) wrong.push(`${name}: ${status}${trapped ? " (trap)" : ""}`);
    }
  };
  await Promise.all(connections.map(work));
  assert.deepEqual(wrong, []);
  assert.ok(sent > 0);
  assert.equal(upstream.arrivals.length, seen, "something reached the upstream");
}

/** A good token is still taken: the gate was not just closed. */
async function isOpen(): Promise<boolean> {
  const good = ring.mint({ alg: "RS256", kid: "rs256" }, claims, "RS256");
  const connection = new KeepAliveConnection(gateway.url);
  const { status } = await connection.send("GET", request("/orders/7", [`Bearer ${good}`]));
  connection.close();
  return status === 200;
}

function* named(list: Iterable<Attack>): Generator<Case> {
  for (const { name, headers } of list) yield { name, bytes: request("/orders/7", headers) };
}

test("attacks that are known by name: none is believed, none traps", { timeout: 120_000 }, async () => {
  assert.ok(await isOpen());
  await refused(named(attacks({ ring, foreign, claims })));
  assert.ok(await isOpen());
});

/** Every bit of the token, or one bit of every byte. */
function* flipped(name: string, token: string, bits: readonly number[]): Generator<Case> {
  for (let at = 0; at < token.length; at++) {
    for (const bit of bits) {
      const bytes = Buffer.from(token, "latin1");
      bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
      yield {
        name: `${name}, bit ${bit} of byte ${at}`,
        bytes: request("/orders/7", [Buffer.concat([Buffer.from("Bearer "), bytes])]),
      };
    }
  }
}

for (const [alg, bits] of [
  ["RS256", [0, 1, 2, 3, 4, 5, 6, 7]],
  ["ES256", [0, 3, 5, 7]],
  ["PS256", [0, 4]],
  ["EdDSA", [1, 5]],
] as const) {
  test(`${alg}: no flipped bit anywhere in a token leaves it good`, { timeout: 120_000 }, async () => {
    const token = ring.mint({ alg, kid: alg.toLowerCase() }, claims, alg);
    await refused(flipped(alg, token, bits));
    // The very token is good, also after all of them.
    const { status } = await (connections[0] as KeepAliveConnection).send(
      "GET",
      request("/orders/7", [`Bearer ${token}`]),
    );
    assert.ok(status === 200 || (status === 503 && alg !== "RS256"), `${status}`);
  });
}

test("claims of any JSON, well signed, are believed only where they are right", { timeout: 120_000 }, async () => {
  const names = [...Object.keys(claims), "nbf", "scp", "cnf", "jti"];
  const wrong = fc
    .tuple(
      fc.constantFrom("iss", "aud", "exp", "scope"),
      fc.jsonValue(),
      fc.dictionary(fc.constantFrom(...names), fc.jsonValue(), { maxKeys: 4 }),
    )
    .filter(([name, value]) => !(name === "aud" && JSON.stringify(value).includes('"orders"')))
    .filter(([name, value]) => !(name === "exp" && typeof value === "number" && value > now))
    .filter(([name, value]) => !(name === "scope" && JSON.stringify(value).includes("orders:read")))
    .map(([name, value, others]) => ({ ...claims, ...others, scp: "x", [name]: value }));
  const cases = fc.sample(wrong, { numRuns: 3000, seed: 7 }).map((payload) => ({
    name: JSON.stringify(payload),
    bytes: request("/orders/7", [`Bearer ${ring.mint({ alg: "ES256", kid: "es256" }, payload, "ES256")}`]),
  }));
  await refused(cases);
});

test("header and payload of any JSON or bytes neither trap nor are believed", { timeout: 120_000 }, async () => {
  const members = fc.constantFrom("alg", "kid", "typ", "cty", "crit", "b64", "jwk", "jku", "x5u", "x5c", "zip");
  const anyText = fc.oneof(
    fc.dictionary(fc.oneof(members, fc.string()), fc.jsonValue(), { maxKeys: 8 }).map((value) => JSON.stringify(value)),
    fc.string({ maxLength: 200 }),
    fc.string({ unit: "binary", maxLength: 100 }),
  );
  const anyPart = fc.oneof(
    anyText.map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  );
  const cases = fc.sample(fc.tuple(anyPart, anyPart), { numRuns: 2000, seed: 11 }).map(([header, payload]) => ({
    name: `${header.toString("latin1")} ${payload.toString("latin1")}`,
    bytes: request("/orders/7", [`Bearer ${foreign.mint(header, payload, "EdDSA")}`]),
  }));
  await refused(cases);
});

test("a DPoP proof is good once, whichever worker gets it", { timeout: 60_000 }, async () => {
  const client = await makeDpopClient();
  const token = ring.mint({ alg: "ES256", kid: "es256" }, { ...claims, cnf: { jkt: client.thumbprint } }, "ES256");
  for (let round = 0; round < 20; round++) {
    const proof = await client.proof("GET", "http://shop.example/proved", token);
    const bytes = request("/proved", [`DPoP ${token}`], [`DPoP: ${proof}`]);
    const statuses = await Promise.all(connections.map(async (one) => (await one.send("GET", bytes)).status));
    assert.deepEqual(statuses.toSorted(), [200, ...Array(CONNECTIONS - 1).fill(401)]);
  }
});

test("after all of that the gate is open to who may pass, and closed to who may not", async () => {
  assert.ok(await isOpen());
  await refused([{ name: "no token", bytes: request("/orders/7", []) }]);
});
