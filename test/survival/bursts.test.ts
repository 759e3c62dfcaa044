import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../harness/eventually.ts";
import { verifyingScene } from "./played-scene.ts";
import { benign } from "./played-sidecar.ts";

const policy = (identity: string) => `
version: 1
mode: prevent
${identity}
routes:
  - { name: begun, match: { path: /begun }, public: true, score: { deadline: 5s, maxBody: 256KiB, onTooLarge: prefix } }
  - { name: asked, match: { path: /asked }, allow: [{ issuer: shop }], score: { deadline: 5s, onTooLarge: prefix } }
  - { name: watched, match: { path: /watched }, allow: [{ issuer: shop }], mode: detect }
`;
const body = "harmless words ".repeat(200_000);

const scene = verifyingScene(policy, benign);

/** The answer to a body of which the beginning comes by itself, and then as much at once as Envoy reads. */
async function upload(path: string, begin: number, fields: string[], isAsked: boolean): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(scene.gate.url).port) });
  const reply = new Promise<string>((done) => {
    socket.on("error", () => done("")).on("close", () => done(""));
    socket.once("data", (part: Buffer) => done(part.toString("latin1")));
  });
  const head = [`POST ${path} HTTP/1.1`, "Host: shop.example", `Content-Length: ${body.length}`, ...fields];
  socket.write(`${head.join("\r\n")}\r\n\r\n${body.slice(0, begin)}`);
  if (isAsked)
    await eventually(
      () => scene.waiting.length,
      (count) => count === 1,
    );
  await sleep(50);
  process.kill(scene.gate.envoy.pid, "SIGSTOP");
  socket.write(body.slice(begin));
  await sleep(50);
  process.kill(scene.gate.envoy.pid, "SIGCONT");
  await sleep(50);
  for (const verify of scene.waiting.splice(0)) verify();
  const text = await reply;
  socket.destroy();
  return text;
}

test("what comes of a body at once, however much, is no reason to deny it", { timeout: 60_000 }, async () => {
  const token = await scene.issuer.token("EdDSA", "", { claims: { sub: "somebody" } });
  const other = await scene.issuer.token("EdDSA", "", { claims: { sub: "somebody else" } });
  const text = "Content-Type: text/plain";
  const cases: [path: string, begin: number, fields: string[]][] = [
    ["/begun", 250_000, [text]],
    ["/asked", 10_000, [text, `Authorization: Bearer ${token}`]],
    ["/watched", 10_000, [text, `Authorization: Bearer ${other}`]],
  ];
  for (const [path, begin, fields] of cases) {
    const before = scene.upstream.requests.length;
    const reply = await upload(path, begin, fields, fields.length > 1);
    assert.match(reply, /^HTTP\/1\.1 200 /, path);
    assert.equal(scene.upstream.requests.length, before + 1, path);
    assert.ok(scene.upstream.requests.at(-1)?.body.toString() === body, path);
  }
});
