import assert from "node:assert/strict";
import { utimes, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { eventually } from "../harness/eventually.ts";
import { runPostern, startTestGateway, type TestGateway } from "../harness/gateway.ts";
import { makeIssuer, type TestIssuer } from "../harness/issuer.ts";
import { KeepAliveConnection } from "../harness/keep-alive.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";

const ISSUER = "https://issuer.shop.example";
const policy = `
version: 1
mode: prevent
revocation: { file: ./revoked.json, maxAge: 1h }
identity:
  issuers:
    - { name: shop, issuer: "${ISSUER}", audiences: [orders], algorithms: [RS256, ES256], jwks: { file: ./jwks.json } }
routes:
  - { name: order, match: { path: "/orders/{id}" }, allow: [{ issuer: shop }], score: off }
  - { name: lenient, match: { path: /lenient }, allow: [{ issuer: shop }], onStaleRevocation: open, score: off }
  - { name: open, match: { path: /open }, public: true, score: off }
`;
/** A second, and what the test itself takes. */
const IN_FORCE_MS = 1_000;
const CONNECTIONS = 8;

let upstream: RecordingUpstream;
let issuer: TestIssuer;
let gateway: TestGateway;
let connections: KeepAliveConnection[];
let streamEnded = false;

before(
  async () => {
    upstream = await startRecordingUpstream((request, response) => {
      if (request.url !== "/orders/endless") return response.end("ok");
      response.write("first");
      response.on("close", () => {
        streamEnded = true;
      });
    });
    issuer = await makeIssuer(ISSUER, "orders");
    const files = { "jwks.json": issuer.jwks, "revoked.json": '{"revocations":[]}' };
    gateway = await startTestGateway({ upstream: upstream.url, policy, files, workers: 2 });
    connections = Array.from({ length: CONNECTIONS }, () => new KeepAliveConnection(gateway.url));
  },
  { timeout: 240_000 },
);
after(async () => {
  for (const connection of connections) connection.close();
  await gateway.stop();
  await upstream.stop();
});

const token = (claims: Record<string, unknown>, algorithm: "RS256" | "ES256" = "ES256") =>
  issuer.token(algorithm, "orders:read", { claims });

/** The statuses over all connections, which the two workers share. */
async function statuses(jwt: string, path = "/orders/7"): Promise<string> {
  const bytes = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: shop.example\r\nAuthorization: Bearer ${jwt}\r\n\r\n`);
  const answers = await Promise.all(connections.map((connection) => connection.send("GET", bytes)));
  return [...new Set(answers.map(({ status }) => status))].join();
}

const inForce = (jwt: string, expected: string, path?: string) =>
  eventually(
    () => statuses(jwt, path),
    (seen) => seen === expected,
    IN_FORCE_MS,
  );

interface Answer {
  readonly revocation: { readonly id: string };
  readonly revocations: readonly { readonly id: string; readonly reason?: string }[];
  readonly workers: number;
  readonly current: number;
}

async function revoke(...args: string[]): Promise<Answer> {
  const { output, ended } = runPostern(["revoke", ...args, "--state", gateway.state, "--json"]);
  assert.equal(await ended, 0, output());
  return JSON.parse(output());
}

const revokedFile = () => join(dirname(gateway.policyPath), "revoked.json");
const listed = (...revocations: object[]) => writeFile(revokedFile(), JSON.stringify({ revocations }));

test("by jti: refused by every worker at once, listed, undone", { timeout: 120_000 }, async () => {
  const [stolen, other] = [await token({ jti: "stolen" }), await token({ jti: "other" })];
  assert.equal(await statuses(stolen), "200");
  const answer = await revoke("--jti", "stolen", "--reason", "laptop lost");
  assert.ok(answer.workers >= 2 && answer.current === answer.workers, "every worker has it when the command ends");
  assert.equal(await statuses(stolen), "401");
  assert.equal(await statuses(other), "200");
  assert.equal(await statuses(stolen, "/open"), "200", "a public route denies no token");
  const { revocations } = await revoke("list");
  assert.deepEqual(
    revocations.map(({ id, reason }) => [id, reason]),
    [[answer.revocation.id, "laptop lost"]],
  );
  await revoke("undo", answer.revocation.id);
  assert.equal(await statuses(stolen), "200");
  const numbered = await token({ jti: 4711 });
  assert.equal(await statuses(numbered), "200");
  const { revocation } = await revoke("--jti", "4711");
  assert.equal(await statuses(numbered), "401", "a number, as some issuers write it");
  await revoke("undo", revocation.id);
});

test("by sub, kid and issuer, before a time, from the watched file", { timeout: 60_000 }, async () => {
  const now = Math.floor(Date.now() / 1000);
  const before = new Date((now - 60) * 1000).toISOString();
  const [early, late] = [await token({ sub: "bob", iat: now - 120 }), await token({ sub: "bob", iat: now - 30 })];
  const [untimed, rsa] = [await token({ sub: "bob", iat: undefined }), await token({ sub: "eve" }, "RS256")];
  for (const one of [early, late, untimed, rsa]) assert.equal(await statuses(one), "200");
  await listed({ sub: "bob", before });
  await inForce(early, "401");
  assert.equal(await statuses(untimed), "401", "who says not when it was issued is taken to be older");
  assert.equal(await statuses(late), "200");
  await listed({ sub: "bob", iss: "https://elsewhere.example" }, { kid: "rs256" });
  await inForce(rsa, "401");
  assert.equal(await statuses(early), "200", "the subject of another issuer");
  await listed({ iss: ISSUER, before });
  await inForce(early, "401");
  assert.equal(await statuses(late), "200");
  assert.equal(await statuses(rsa), "200");
  await listed();
  await inForce(early, "200");
});

test("a file that is none leaves the last list in force", { timeout: 60_000 }, async () => {
  const stolen = await token({ jti: "listed" });
  await listed({ jti: "listed" });
  await inForce(stolen, "401");
  for (const nonsense of [
    "{",
    "[]",
    '{"revocations":[{"jti":1}]}',
    '{"revocations":[{}]}',
    '{"revocations":[{"name":"x"}]}',
  ]) {
    await writeFile(revokedFile(), nonsense);
    // Something sound of an operator goes in force after it.
    const { revocation } = await revoke("--jti", "marker");
    assert.equal(await statuses(await token({ jti: "marker" })), "401");
    assert.equal(await statuses(stolen), "401", nonsense);
    await revoke("undo", revocation.id);
  }
  await listed();
  await inForce(stolen, "200");
});

test("a live stream ends when its token is revoked", { timeout: 60_000 }, async () => {
  const jwt = await token({ jti: "streaming" });
  const { hostname, port } = new URL(gateway.url);
  const socket = connect({ host: hostname, port: Number(port) });
  let text = "";
  socket
    .on("error", () => undefined)
    .on("data", (part) => {
      text += part;
    });
  socket.write(`GET /orders/endless HTTP/1.1\r\nHost: shop.example\r\nAuthorization: Bearer ${jwt}\r\n\r\n`);
  await eventually(
    () => text,
    (seen) => seen.includes("first"),
  );
  await listed({ jti: "streaming" });
  // At the upstream's end: to the client Envoy leaves another second to close the connection.
  await eventually(() => streamEnded, Boolean, IN_FORCE_MS);
  const id = /x-postern-decision: (\w+)/.exec(text)?.[1] ?? "";
  assert.equal((await gateway.waitForRecord(id)).response?.ended, "token_revoked");
  socket.destroy();
  await listed();
});

test("a list that is too old refuses, except where the route says so", { timeout: 60_000 }, async () => {
  const jwt = await token({ jti: "aged" });
  const old = new Date(Date.now() - 3_700_000);
  await utimes(revokedFile(), old, old);
  await inForce(jwt, "503");
  assert.equal(await statuses(jwt, "/lenient"), "200");
  assert.equal(await statuses(jwt, "/open"), "200");
  await utimes(revokedFile(), new Date(), new Date());
  await inForce(jwt, "200");
});

test("who names an issuer or a key that the policy does not have is told so", async () => {
  const said = async (...args: string[]) => {
    const { output, ended } = runPostern(["revoke", ...args, "--state", gateway.state]);
    assert.equal(await ended, 0, output());
    return output();
  };
  const mistaken = await said("--iss", "shop", "--jti", "none");
  assert.match(mistaken, /no issuer of the policy in force is "shop", .*: it has https:\/\/issuer\.shop\.example$/m);
  assert.doesNotMatch(await said("--iss", ISSUER, "--jti", "none"), /no issuer/);
  assert.match(await said("--kid", "rsa256"), /no issuer of the policy in force has a key "rsa256" now/);
  assert.doesNotMatch(await said("--kid", "rs256"), /no issuer/);
  const { revocations } = await revoke("list");
  for (const { id } of revocations) await revoke("undo", id);
});

test("what an operator revoked outlives the sidecar, killed", { timeout: 90_000 }, async () => {
  const stolen = await token({ jti: "kept" });
  await revoke("--jti", "kept");
  const pid = await gateway.sidecarPid();
  process.kill(pid, "SIGKILL");
  assert.equal(await statuses(stolen), "401");
  await eventually(
    () => gateway.sidecarPid(),
    (now) => now !== pid,
  );
  const { revocations } = await eventually(
    () => revoke("list").catch(() => ({ revocations: [] })),
    (answer) => answer.revocations.length > 0,
  );
  assert.equal(revocations.length, 1);
  assert.equal(await statuses(stolen), "401");
});

test("what makes no sense is refused", { timeout: 60_000 }, async () => {
  const cases: [args: string[], code: number][] = [
    [[], 2],
    [["--jti", "a", "--sub", "b"], 2],
    [["--jti", "a", "--before", "yesterday"], 1],
    [["undo", "nothing"], 1],
    [["forget"], 2],
  ];
  for (const [args, code] of cases) {
    const { output, ended } = runPostern(["revoke", ...args, "--state", gateway.state]);
    assert.equal(await ended, code, output());
  }
  const { output, ended } = runPostern(["revoke", "list", "--state", join(gateway.state, "none")]);
  assert.equal(await ended, 1);
  assert.match(output(), /sidecar can.t be asked .* --state/);
});
