import assert from "node:assert/strict";
import type { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../harness/eventually.ts";
import { makeIssuer, type TestIssuer } from "../harness/issuer.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { type Enforcement, startEnforcement } from "./enforcement.ts";
import { benign, type PlayedSidecar, playSidecar } from "./played-sidecar.ts";

const policy = (jwks: string) => `
version: 1
mode: prevent
identity:
  issuers: [{ name: shop, issuer: "https://issuer.shop.example", audiences: [shop], algorithms: [ES256], jwks: { inline: ${jwks} }, clockSkew: 0s }]
routes:
  - { name: mine, match: { path: /mine/** }, allow: [{ issuer: shop }], score: { deadline: 20s } }
  - { name: watched, match: { path: /watched/** }, allow: [{ issuer: shop }], mode: observe, score: off }
  - { name: everybody, match: { path: /public/** }, public: true, score: headers }
`;

let open: ServerResponse[] = [];
let upstream: RecordingUpstream;
let issuer: TestIssuer;
let gate: Enforcement;
let sidecar: PlayedSidecar;

before(
  async () => {
    upstream = await startRecordingUpstream(({ url = "" }, response) => {
      open.push(response);
      // One that says nothing yet, or begins a stream of events.
      if (url.endsWith("/silent")) return;
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
    });
    issuer = await makeIssuer("https://issuer.shop.example", "shop");
    gate = await startEnforcement({ upstream: upstream.url, policy: policy(issuer.jwks) });
    sidecar = await playSidecar(gate.sidecarSocket, benign);
  },
  { timeout: 120_000 },
);
after(async () => {
  await gate.stop();
  await sidecar.stop();
  await upstream.stop();
});

/** A request in pieces, and all that came back. */
function send(head: string, token: string): { socket: Socket; text: () => string; closed: Promise<void> } {
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(gate.url).port) });
  let text = "";
  socket.on("data", (part: Buffer) => {
    text += part.toString("latin1");
  });
  socket.on("error", () => {});
  socket.write(`${head}\r\nHost: shop.example\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  return { socket, text: () => text, closed: closing(socket) };
}

function closing(emitter: EventEmitter): Promise<void> {
  return new Promise((done) => emitter.once("close", () => done()));
}

async function shortToken(): Promise<{ token: string; expiry: number }> {
  const token = await issuer.token("ES256", "", { expiresIn: 3 });
  return { token, expiry: JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).exp * 1000 };
}

function inTime(expiry: number): void {
  const late = Date.now() - expiry;
  assert.ok(late >= 0 && late < 1_500, `${late} ms after the token expired`);
}

const decision = (text: string) => /x-postern-decision: ([0-9a-f]{32})/i.exec(text)?.[1] ?? "";

test("events pass one by one, and the stream is cut when its token expires", { timeout: 30_000 }, async () => {
  open = [];
  const { token, expiry } = await shortToken();
  const events = send("GET /mine/events HTTP/1.1", token);
  await eventually(events.text, (text) => text.includes("data: 1"));
  open[0]?.write("data: 2\n\n");
  await eventually(events.text, (text) => text.includes("data: 2"));
  await events.closed;
  inTime(expiry);
  assert.ok(!events.text().endsWith("0\r\n\r\n"), "cut, not ended: the client can tell");
  const { effect, ended, responseStatus } = await sidecar.record(decision(events.text()));
  assert.deepEqual([effect, ended, responseStatus], ["PERMIT", "token_expired", 200]);
});

test("over HTTP/2 only the stream ends, the connection goes on", { timeout: 30_000 }, async () => {
  const { token, expiry } = await shortToken();
  const session = connectHttp2(gate.url);
  const stream = session.request({ ":path": "/mine/events", authorization: `Bearer ${token}` });
  stream.on("error", () => {});
  stream.resume();
  await closing(stream);
  inTime(expiry);
  assert.notEqual(stream.rstCode, 0);
  const other = session.request({ ":path": "/public/silent" });
  await eventually(
    () => upstream.arrivals,
    (arrivals) => arrivals.includes("GET /public/silent"),
  );
  other.close();
  session.close();
});

test("where no response has begun, the expired token is a 401", { timeout: 30_000 }, async () => {
  const { token, expiry } = await shortToken();
  const waiting = send("GET /mine/silent HTTP/1.1", token);
  await eventually(waiting.text, (text) => text.includes("token") || text.includes("unauthenticated"));
  inTime(expiry);
  assert.match(waiting.text(), /^HTTP\/1.1 401 /);
  assert.match(waiting.text(), /www-authenticate: Bearer error="invalid_token"/);
  waiting.socket.destroy();
});

test("an upload whose token expires before it is whole is denied and goes nowhere", { timeout: 30_000 }, async () => {
  const before = upstream.arrivals.length;
  const { token, expiry } = await shortToken();
  const upload = send("POST /mine/upload HTTP/1.1\r\nContent-Length: 100", token);
  upload.socket.write("the first half");
  await eventually(upload.text, (text) => text.includes("unauthenticated"));
  inTime(expiry);
  upload.socket.end("x".repeat(86));
  const record = await sidecar.record(decision(upload.text()));
  assert.deepEqual([record.effect, record.reason, record.responseStatus], ["DENY", "token_expired", 401]);
  assert.equal(upstream.arrivals.length, before);
});

test("nothing ends in observe, nor on a public route", { timeout: 30_000 }, async () => {
  open = [];
  const { token, expiry } = await shortToken();
  const streams = ["/watched/events", "/public/events"].map((path) => send(`GET ${path} HTTP/1.1`, token));
  for (const { text } of streams) await eventually(text, (all) => all.includes("data: 1"));
  // Two ticks past the time at which the others are cut.
  await sleep(expiry + 300 - Date.now());
  for (const response of open) response.write("data: late\n\n");
  for (const { text } of streams) await eventually(text, (all) => all.includes("data: late"));
  for (const { socket } of streams) socket.destroy();
});
