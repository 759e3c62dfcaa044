import assert from "node:assert/strict";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { eventually } from "../harness/eventually.ts";
import { makeIssuer, type TestIssuer } from "../harness/issuer.ts";
import { sendRaw } from "../harness/raw-http.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { type Enforcement, startEnforcement } from "./enforcement.ts";
import { answer, benign, type PlayedSidecar, playSidecar, scores } from "./played-sidecar.ts";

const policy = (jwks: string) => `
version: 1
mode: prevent
identity:
  issuers: [{ name: shop, issuer: "https://issuer.shop.example", audiences: [shop], algorithms: [ES256], jwks: { inline: ${jwks} } }]
routes:
  - { name: preflight, match: { methods: [OPTIONS], path: /orders/** }, public: true, score: headers }
  - { name: orders, match: { methods: [GET, HEAD], path: /orders/** }, allow: [{ issuer: shop }] }
  - { name: asked, match: { path: /asked/** }, public: true, score: { ask: always, deadline: 10s, maxBody: 16KiB } }
  - { name: watched, match: { path: /watched/** }, public: true, mode: detect, score: { ask: always, maxBody: 256KiB } }
  - { name: free, match: { path: /free/** }, public: true, score: off }
`;
const attack = "1' UNION SELECT username, password FROM users WHERE '1'='1' --";
const post = (path: string, length: number) =>
  `POST ${path} HTTP/1.1\r\nHost: shop.example\r\nContent-Length: ${length}\r\n\r\n`;

let upstream: RecordingUpstream;
let issuer: TestIssuer;
let gate: Enforcement;
let sidecar: PlayedSidecar;

before(
  async () => {
    upstream = await startRecordingUpstream((request, response) => {
      // One whose answer comes late, and one whose answer never ends.
      if (request.url?.startsWith("/free/late")) return;
      if (!request.url?.startsWith("/free/endless")) return response.end("ok");
      response.write("first");
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

const address = () => ({ host: "127.0.0.1", port: Number(new URL(gate.url).port) });

function dial(bytes: string): Socket {
  const socket = connect(address());
  socket.on("error", () => {}).resume();
  socket.write(bytes);
  return socket;
}

test("a HEAD is answered without a body, permitted or denied, and its connection goes on", async () => {
  const token = await issuer.token("ES256", "");
  const head = (more: string) => `HEAD /orders/7 HTTP/1.1\r\nHost: shop.example\r\n${more}\r\n`;
  const last = "GET /free/last HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n";
  const socket = connect(address());
  let text = "";
  socket.on("data", (part) => {
    text += part.toString("latin1");
  });
  socket.write(head(`Authorization: Bearer ${token}\r\n`) + head("") + last);
  await new Promise((done) => socket.once("close", done));
  const heads = text.split("\r\n\r\n");
  assert.deepEqual(
    heads.map((part) => part.slice(0, 12)),
    ["HTTP/1.1 200", "HTTP/1.1 401", "HTTP/1.1 200", "ok"],
  );
  assert.ok(upstream.arrivals.includes("HEAD /orders/7"));
});

test("a CORS preflight passes where a route for OPTIONS says so, and nothing else without a token", async () => {
  const origin = { origin: "https://shop.example", "access-control-request-method": "GET" };
  const before = upstream.arrivals.length;
  assert.equal((await fetch(`${gate.url}/orders/7`, { method: "OPTIONS", headers: origin })).status, 200);
  assert.equal((await fetch(`${gate.url}/orders/7`, { headers: origin })).status, 401);
  assert.equal((await fetch(`${gate.url}/asked`, { method: "OPTIONS", headers: origin })).status, 200);
  const disguised = { ...origin, "access-control-request-headers": attack };
  assert.equal((await fetch(`${gate.url}/orders/7`, { method: "OPTIONS", headers: disguised })).status, 403);
  assert.equal(upstream.arrivals.length - before, 2);
});

test("over HTTP/2 a body in pieces, with trailers, is judged whole before anything goes upstream", async () => {
  const send = (pieces: readonly string[]) =>
    new Promise<number>((done, refuse) => {
      const session = connectHttp2(gate.url);
      const stream = session.request({ ":method": "POST", ":path": "/asked/h2" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "x-checksum": "1" }));
      stream.on("response", ({ ":status": status }) => {
        done(Number(status));
        session.close();
      });
      stream.on("error", refuse);
      for (const piece of pieces) stream.write(piece);
      stream.end();
    });
  const before = upstream.arrivals.length;
  assert.equal(await send(["a letter ", attack.slice(0, 30), attack.slice(30)]), 403);
  assert.equal(upstream.arrivals.length, before);
  assert.equal(await send(["thank ", "you"]), 200);
  assert.equal(upstream.requests.at(-1)?.body.toString(), "thank you");
});

test("a client that sends a byte at a time is waited for, and judged whole", { timeout: 60_000 }, async () => {
  const before = upstream.arrivals.length;
  const bytes = [...attack];
  assert.equal((await sendRaw(gate.url, [post("/asked/slow", bytes.length), ...bytes])).status, 403);
  assert.equal(upstream.arrivals.length, before);
});

test("of a request with expect: 100-continue nothing goes upstream before the verdict", async () => {
  const before = upstream.arrivals.length;
  let permit = () => {};
  let asked = 0;
  sidecar.behave = (stream, windows) => {
    asked++;
    permit = () => answer(stream, scores(...windows.map(() => 1)));
  };
  const head = post("/asked/expect", 5).replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n");
  const reply = sendRaw(gate.url, [head, "hello"]);
  await eventually(
    () => asked,
    (calls) => calls === 1,
  );
  assert.equal(upstream.arrivals.length, before);
  permit();
  assert.equal((await reply).status, 200);
  assert.equal(upstream.requests.at(-1)?.body.toString(), "hello");
  sidecar.behave = benign;
});

/** What a client has sent when it leaves, and what has happened by then: the model was asked, or the head arrived. */
const stages: readonly [stage: string, bytes: string, then: "" | "asked" | "arrived"][] = [
  ["before a byte", "", ""],
  ["within the head", "POST /asked/gone HTTP/1.1\r\nHost: sh", ""],
  ["after the head", post("/asked/gone", 100), ""],
  ["within the body", `${post("/asked/gone", 100)}half of it`, ""],
  ["while the model is asked", `${post("/asked/gone", 5)}hello`, "asked"],
  ["within a body that is copied", `${post("/watched/gone", 100)}half of it`, "arrived"],
  ["before the response", "GET /free/late HTTP/1.1\r\nHost: shop.example\r\n\r\n", "arrived"],
  ["within the response", "GET /free/endless HTTP/1.1\r\nHost: shop.example\r\n\r\n", "arrived"],
];

for (const [how, leave] of [
  ["closes", (socket: Socket) => socket.destroy()],
  ["resets", (socket: Socket) => socket.resetAndDestroy()],
  ["closes its half", (socket: Socket) => socket.end()],
] as const) {
  test(`a client that ${how} at any stage leaves nothing undecided behind`, { timeout: 60_000 }, async () => {
    let asked = 0;
    let cancelled = 0;
    sidecar.behave = (stream) => {
      asked++;
      stream.on("close", () => cancelled++);
    };
    const before = upstream.arrivals.length;
    const records = sidecar.records.size;
    for (const [, bytes, then] of stages) {
      const reached = () => (then === "asked" ? asked : upstream.arrivals.length);
      const earlier = reached();
      const socket = dial(bytes);
      await new Promise<void>((done) => socket.write("", () => done()));
      if (then !== "") await eventually(reached, (now) => now > earlier);
      leave(socket);
      await new Promise<void>((done) => socket.once("close", () => done()));
    }
    await eventually(
      () => cancelled,
      (now) => now === asked,
    );
    assert.ok(upstream.arrivals.slice(before).every((arrival) => !arrival.includes("/asked/")));
    sidecar.behave = benign;
    // Each that the filter has seen leaves a record, whole or not.
    await eventually(
      () => sidecar.records.size - records,
      (now) => now >= 6,
    );
    assert.equal((await sendRaw(gate.url, `${post("/asked/next", 5)}hello`)).status, 200);
  });
}
