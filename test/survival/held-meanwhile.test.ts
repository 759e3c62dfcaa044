import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { eventually } from "../harness/eventually.ts";
import { startEnforcement } from "./enforcement.ts";
import { verifyingScene } from "./played-scene.ts";
import { benign, playSidecar } from "./played-sidecar.ts";

/** Bodies that come while the sidecar verifies a token's signature. */
const policy = (identity: string) => `
version: 1
mode: prevent
${identity}
routes:
  - { name: notes, match: { path: /notes/** }, allow: [{ issuer: shop }], score: { deadline: 5s } }
  - { name: short, match: { path: /short/** }, allow: [{ issuer: shop }], score: { deadline: 5s, maxBody: 4KiB } }
  - { name: begun, match: { path: /begun/** }, allow: [{ issuer: shop }], score: { deadline: 5s, maxBody: 4KiB, onTooLarge: prefix } }
  - { name: watched, match: { path: /watched/** }, allow: [{ issuer: shop }], mode: detect }
  - { name: heads, match: { path: /heads/** }, allow: [{ issuer: shop }], score: headers }
`;
const attack = "1' UNION SELECT username, password FROM users WHERE '1'='1' --";
const words = (length: number) => "harmless words ".repeat(length / 15 + 1).slice(0, length);

const scene = verifyingScene(policy, benign);

interface Upload {
  readonly socket: Socket;
  readonly status: Promise<string>;
}

let serial = 0;

/** A request with a token that was never seen. */
async function upload(path: string, length: number, begin: string, url = scene.gate.url): Promise<Upload> {
  const token = await scene.issuer.token("EdDSA", "", { claims: { sub: `user ${serial++}` } });
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(url).port) });
  const status = new Promise<string>((done) => {
    socket.on("error", () => done("")).on("close", () => done(""));
    socket.once("data", (part: Buffer) => done(part.toString("latin1").slice(9, 12)));
  });
  const type = begin.startsWith("q=") ? "application/x-www-form-urlencoded" : "text/plain";
  const fields = `Host: shop.example\r\nAuthorization: Bearer ${token}\r\nContent-Type: ${type}\r\nContent-Length: ${length}`;
  socket.write(`POST ${path} HTTP/1.1\r\n${fields}\r\n\r\n${begin}`);
  return { socket, status };
}

async function verifyAll(count: number): Promise<void> {
  await eventually(
    () => scene.waiting.length,
    (asked) => asked === count,
  );
  for (const verify of scene.waiting.splice(0)) verify();
}

test("a hundred bodies of 60 KiB wait for their tokens at once, and all are judged", { timeout: 60_000 }, async () => {
  const body = words(60 * 1024);
  const before = scene.upstream.requests.length;
  const uploads = await Promise.all(
    Array.from({ length: 100 }, (_, index) => upload(`/notes/${index}`, body.length, body)),
  );
  await verifyAll(uploads.length);
  const statuses = await Promise.all(uploads.map(({ status }) => status));
  assert.deepEqual(
    statuses.filter((status) => status !== "200"),
    [],
  );
  assert.ok(scene.upstream.requests.slice(before).every((request) => request.body.toString() === body));
  for (const { socket } of uploads) socket.destroy();
});

test("what comes before the answer and what comes behind it are one body", { timeout: 60_000 }, async () => {
  const cases: [path: string, first: string, rest: string, status: string][] = [
    ["/notes/parts", words(1_000), words(20_000), "200"],
    ["/notes/none", "", words(100), "200"],
    ["/notes/attack", attack.slice(0, 20), attack.slice(20), "403"],
    ["/short/too-large", words(3_000), words(3_000), "413"],
    ["/begun/too-large", words(6_000), words(30_000), "200"],
    ["/begun/later", words(3_000), words(30_000), "200"],
    ["/begun/attack", `q=${encodeURIComponent(attack)}&more=${words(3_000)}`, words(3_000), "403"],
    ["/watched/parts", words(1_000), words(20_000), "200"],
    ["/watched/attack", attack.slice(0, 20), attack.slice(20), "200"],
    ["/heads/parts", words(1_000), words(20_000), "200"],
  ];
  for (const [path, first, rest, expected] of cases) {
    const before = scene.upstream.arrivals.length;
    const { socket, status } = await upload(path, first.length + rest.length, first);
    await verifyAll(1);
    socket.write(rest);
    assert.equal(await status, expected, path);
    assert.equal(scene.upstream.arrivals.length - before, expected === "200" ? 1 : 0, path);
    if (expected === "200") assert.equal(scene.upstream.requests.at(-1)?.body.toString(), first + rest, path);
    socket.destroy();
  }
  const watched = () => [...scene.sidecar.records.values()].filter(({ route }) => route === "watched");
  const [, hostile] = await eventually(watched, ({ length }) => length === 2);
  assert.match(hostile?.wouldDeny ?? "", /^attack_/);
});

test("detect denies nothing where a listener holds less of a body than may be scored", {
  timeout: 60_000,
}, async () => {
  const meshed = await startEnforcement({
    upstream: scene.upstream.url,
    policy: scene.policy,
    heldBytes: 16 * 1024,
  });
  const beside = await playSidecar(meshed.sidecarSocket, benign);
  beside.verify = scene.sidecar.verify;
  const body = words(40_000);
  const { socket, status } = await upload("/watched/meshed", body.length, body, meshed.url);
  await verifyAll(1);
  assert.equal(await status, "200");
  assert.equal(scene.upstream.requests.at(-1)?.body.toString(), body);
  socket.destroy();
  await meshed.stop();
  await beside.stop();
});
