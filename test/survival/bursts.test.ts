import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../harness/eventually.ts";
import { makeIssuer, type TestIssuer } from "../harness/issuer.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { type Enforcement, startEnforcement } from "./enforcement.ts";
import { answer, benign, type PlayedSidecar, playSidecar } from "./played-sidecar.ts";

const policy = (jwks: string) => `
version: 1
mode: prevent
identity:
  issuers: [{ name: shop, issuer: "https://issuer.shop.example", audiences: [shop], algorithms: [EdDSA], jwks: { inline: ${jwks} } }]
routes:
  - { name: begun, match: { path: /begun }, public: true, score: { deadline: 5s, maxBody: 256KiB, onTooLarge: prefix } }
  - { name: asked, match: { path: /asked }, allow: [{ issuer: shop }], score: { deadline: 5s, onTooLarge: prefix } }
  - { name: watched, match: { path: /watched }, allow: [{ issuer: shop }], mode: detect }
`;
const VERIFIED = Buffer.from([8, 1]);
const body = "harmless words ".repeat(200_000);

let upstream: RecordingUpstream;
let issuer: TestIssuer;
let gate: Enforcement;
let sidecar: PlayedSidecar;
/** Lets a signature be verified that was asked about. */
const waiting: (() => void)[] = [];

before(
  async () => {
    upstream = await startRecordingUpstream();
    issuer = await makeIssuer("https://issuer.shop.example", "shop", ["EdDSA"]);
    gate = await startEnforcement({ upstream: upstream.url, policy: policy(issuer.jwks) });
    sidecar = await playSidecar(gate.sidecarSocket, benign);
    sidecar.verify = (stream) => waiting.push(() => answer(stream, VERIFIED));
  },
  { timeout: 120_000 },
);
after(async () => {
  await gate.stop();
  await sidecar.stop();
  await upstream.stop();
});

/** The answer to a body of which the beginning comes by itself, and then as much at once as Envoy reads. */
async function upload(path: string, begin: number, fields: string[], isAsked: boolean): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(gate.url).port) });
  const reply = new Promise<string>((done) => {
    socket.on("error", () => done("")).on("close", () => done(""));
    socket.once("data", (part: Buffer) => done(part.toString("latin1")));
  });
  const head = [`POST ${path} HTTP/1.1`, "Host: shop.example", `Content-Length: ${body.length}`, ...fields];
  socket.write(`${head.join("\r\n")}\r\n\r\n${body.slice(0, begin)}`);
  if (isAsked)
    await eventually(
      () => waiting.length,
      (count) => count === 1,
    );
  await sleep(50);
  process.kill(gate.envoy.pid, "SIGSTOP");
  socket.write(body.slice(begin));
  await sleep(50);
  process.kill(gate.envoy.pid, "SIGCONT");
  await sleep(50);
  for (const verify of waiting.splice(0)) verify();
  const text = await reply;
  socket.destroy();
  return text;
}

test("what comes of a body at once, however much, is no reason to deny it", { timeout: 60_000 }, async () => {
  const token = await issuer.token("EdDSA", "", { claims: { sub: "somebody" } });
  const other = await issuer.token("EdDSA", "", { claims: { sub: "somebody else" } });
  const text = "Content-Type: text/plain";
  const cases: [path: string, begin: number, fields: string[]][] = [
    ["/begun", 250_000, [text]],
    ["/asked", 10_000, [text, `Authorization: Bearer ${token}`]],
    ["/watched", 10_000, [text, `Authorization: Bearer ${other}`]],
  ];
  for (const [path, begin, fields] of cases) {
    const before = upstream.requests.length;
    const reply = await upload(path, begin, fields, fields.length > 1);
    assert.match(reply, /^HTTP\/1\.1 200 /, path);
    assert.equal(upstream.requests.length, before + 1, path);
    assert.ok(upstream.requests.at(-1)?.body.toString() === body, path);
  }
});
