import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { eventually } from "../harness/eventually.ts";
import { sendRaw } from "../harness/raw-http.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { type Enforcement, startEnforcement } from "./enforcement.ts";
import { benign, type PlayedSidecar, playSidecar } from "./played-sidecar.ts";

const policy = `
version: 1
mode: prevent
routes:
  - { name: held, match: { path: /held }, public: true }
  - { name: streamed, match: { path: /streamed }, public: true, score: off }
`;
/** In the rendered listener it is five minutes. */
const limitMillis = 1_000;

let upstream: RecordingUpstream;
let gate: Enforcement;
let sidecar: PlayedSidecar;

before(
  async () => {
    upstream = await startRecordingUpstream((_, response) => {
      response.write("first");
      setTimeout(() => response.end("last"), 2 * limitMillis);
    });
    gate = await startEnforcement({ upstream: upstream.url, policy, requestTimeout: `${limitMillis / 1000}s` });
    sidecar = await playSidecar(gate.sidecarSocket, benign);
  },
  { timeout: 120_000 },
);
after(async () => {
  await gate.stop();
  await sidecar.stop();
  await upstream.stop();
});

test("an upload that takes too long is a 408, and none of a held one has gone upstream", async () => {
  const head = (path: string) => `POST ${path} HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 100\r\n\r\n`;
  const held = await sendRaw(gate.url, `${head("/held")}the first half`);
  assert.equal(held.status, 408);
  assert.deepEqual(upstream.arrivals, []);
  const record = await sidecar.record(held.headers["x-postern-decision"] ?? "");
  assert.deepEqual([record.effect, record.reason, record.responseStatus], ["DENY", "request_incomplete", 408]);
  assert.equal((await sendRaw(gate.url, `${head("/streamed")}the first half`)).status, 408);
});

for (const [how, sent] of [
  ["a body that breaks its framing", "Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\nno length\r\n"],
  ["a held upload that takes too long", "Content-Length: 100\r\n\r\nthe first half"],
] as const) {
  test(`what Envoy answers by itself to ${how} stands in the access log with its decision`, async () => {
    const answer = await sendRaw(gate.url, `POST /held HTTP/1.1\r\nHost: shop.example\r\n${sent}`);
    const id = answer.headers["x-postern-decision"] ?? "";
    assert.match(id, /^[0-9a-f]{32}$/);
    const lines = await eventually(
      async () => (await readFile(join(gate.envoy.folder, "access.log"), "utf8")).split("\n"),
      (all) => all.some((line) => line.includes(id)),
    );
    const line = JSON.parse(lines.find((one) => one.includes(id)) ?? "");
    assert.deepEqual([line.status, line.decision], [answer.status, `${id} deny request_incomplete held`]);
    const record = await sidecar.record(id);
    assert.deepEqual([record.reason, record.responseStatus], ["request_incomplete", answer.status]);
  });
}

test("a slow response is not cut by the limit of uploads", async () => {
  const response = await new Promise<IncomingMessage>((done, refuse) => {
    const call: ClientRequest = request(`${gate.url}/streamed`, { method: "POST" }, done);
    call.on("error", refuse);
    call.end("short");
  });
  let text = "";
  for await (const part of response) text += part;
  assert.equal(text, "firstlast");
});
