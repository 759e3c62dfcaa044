import assert from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { eventually } from "../harness/eventually.ts";
import { makeIssuer, type TestIssuer } from "../harness/issuer.ts";
import { sendRaw } from "../harness/raw-http.ts";
import { type Enforcement, startEnforcement } from "./enforcement.ts";
import { benign, type PlayedSidecar, playSidecar } from "./played-sidecar.ts";

const policy = (jwks: string) => `
version: 1
mode: prevent
identity:
  issuers: [{ name: shop, issuer: "https://issuer.shop.example", audiences: [shop], algorithms: [ES256], jwks: { inline: ${jwks} }, clockSkew: 0s }]
routes:
  - { name: chat, match: { methods: [GET], path: /chat }, public: true, score: headers }
  - { name: judged, match: { methods: [GET], path: /judged }, public: true, score: { ask: always, deadline: 5s } }
  - { name: seen, match: { methods: [GET], path: /seen }, public: true, mode: detect }
  - { name: orders, match: { methods: [GET], path: /orders }, allow: [{ issuer: shop }], score: off }
`;
const attack = encodeURIComponent("1' UNION SELECT username, password FROM users WHERE '1'='1' --");

/** An upstream that takes every upgrade and sends back what comes. */
let upstreamPort = 0;
let upgrades: string[] = [];
let nominated: string | undefined;
let received = "";
const upstream = createServer((_, response) => response.end("ok"));
upstream.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
  upgrades.push(request.url ?? "");
  nominated = request.headers.connection;
  socket.on("error", () => {});
  socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  const echo = (bytes: Buffer) => {
    received += bytes.toString("latin1");
    socket.write(bytes);
  };
  if (head.length > 0) echo(head);
  socket.on("data", echo).on("end", () => socket.end());
});

let issuer: TestIssuer;
let gate: Enforcement;
let sidecar: PlayedSidecar;

before(
  async () => {
    await new Promise<void>((done) => upstream.listen(0, "127.0.0.1", done));
    upstreamPort = (upstream.address() as AddressInfo).port;
    issuer = await makeIssuer("https://issuer.shop.example", "shop");
    gate = await startEnforcement({
      upstream: new URL(`http://127.0.0.1:${upstreamPort}`),
      policy: policy(issuer.jwks),
    });
    sidecar = await playSidecar(gate.sidecarSocket, benign);
  },
  { timeout: 120_000 },
);
after(async () => {
  await gate.stop();
  await sidecar.stop();
  upstream.closeAllConnections();
  await new Promise((done) => upstream.close(done));
});

/** A client that asks for an upgrade, and all that it has got. */
interface Client {
  text(): string;
  send(bytes: string): void;
  readonly closed: Promise<void>;
  end(): void;
}

function open(path: string, lines: readonly string[] = [], early = "", options = "keep-alive, Upgrade"): Client {
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(gate.url).port) });
  let text = "";
  socket.on("data", (part: Buffer) => {
    text += part.toString("latin1");
  });
  socket.on("error", () => {});
  const head = [
    `GET ${path} HTTP/1.1`,
    "Host: shop.example",
    `Connection: ${options}`,
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ...lines,
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n${early}`);
  return {
    text: () => text,
    send: (bytes) => socket.write(bytes),
    closed: new Promise((done) => socket.once("close", () => done())),
    end: () => socket.destroy(),
  };
}

const shows = (client: Client, text: string) => eventually(client.text, (all) => all.includes(text));

test("frames pass both ways once the head is judged", async () => {
  const client = open("/chat");
  await shows(client, "101 Switching Protocols");
  client.send("first frame");
  await shows(client, "first frame");
  assert.match(client.text(), /x-postern-decision: [0-9a-f]{32}/i);
  client.end();
});

test("what else a client names in connection, for proxies behind to take away, does not go on", async () => {
  const client = open("/chat", [], "", "Upgrade, x-postern-subject, x-forwarded-for");
  await shows(client, "101 Switching Protocols");
  assert.equal(nominated?.toLowerCase(), "upgrade");
  client.end();
});

test("what a client sends before the verdict stays with the gate until then", { timeout: 60_000 }, async () => {
  const seen: [number, string][] = [];
  sidecar.behave = (stream, windows) => {
    seen.push([upgrades.length, received]);
    benign(stream, windows);
  };
  const path = `/chat?q=${encodeURIComponent("select one or two from the list' --")}`;
  // A busy machine may miss the deadline of a head's score: then it is a 503, and asked again.
  const text = await eventually(
    async () => {
      [upgrades, received] = [[], ""];
      const client = open(path, [], "too early");
      const reply = await eventually(client.text, (all) => all.includes("too early") || all.includes(" 503 "));
      client.end();
      return reply;
    },
    (reply) => !reply.includes(" 503 "),
  );
  sidecar.behave = benign;
  assert.match(text, /101 Switching Protocols/);
  assert.equal(received, "too early");
  assert.ok(seen.length > 0 && seen.every(([arrived, bytes]) => arrived === 0 && bytes === ""));
});

test("a denied upgrade is a plain answer, and nothing of it goes upstream", async () => {
  [upgrades, received] = [[], ""];
  const client = open(`/chat?q=${attack}`, [], "frame");
  await shows(client, "403 Forbidden");
  const judged = open("/judged", [], "frame");
  await shows(judged, "403 Forbidden");
  assert.match(judged.text(), /"reason":"forbidden"/);
  await Promise.all([client.closed, judged.closed]);
  assert.deepEqual([upgrades, received], [[], ""]);
});

test("in detect an upgrade on a route that scores bodies passes and is recorded as not inspected", async () => {
  const client = open("/seen");
  await shows(client, "101 Switching Protocols");
  client.send("frame");
  await shows(client, "frame");
  client.end();
  const id = /x-postern-decision: ([0-9a-f]{32})/i.exec(client.text())?.[1] ?? "";
  const { wouldDeny, uninspected, responseStatus } = await sidecar.record(id);
  assert.deepEqual([wouldDeny, uninspected, responseStatus], ["upgrade_unscored", "upgrade_unscored", 101]);
});

test("a WebSocket ends when its token expires, and the record says so", { timeout: 30_000 }, async () => {
  const token = await issuer.token("ES256", "", { expiresIn: 3 });
  const expiry = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).exp * 1000;
  const client = open("/orders", [`Authorization: Bearer ${token}`]);
  await shows(client, "101 Switching Protocols");
  client.send("while it is valid");
  await shows(client, "while it is valid");
  await client.closed;
  const late = Date.now() - expiry;
  assert.ok(late >= 0 && late < 1_500, `closed ${late} ms after the token expired`);
  const id = /x-postern-decision: ([0-9a-f]{32})/i.exec(client.text())?.[1] ?? "";
  const { effect, ended, responseStatus } = await sidecar.record(id);
  assert.deepEqual([effect, ended, responseStatus], ["PERMIT", "token_expired", 101]);
});

test("another upgrade than WebSocket is refused, and an offer of h2c is no upgrade", async () => {
  upgrades = [];
  const ask = (path: string, protocol: string, more: string) =>
    sendRaw(
      gate.url,
      `GET ${path} HTTP/1.1\r\nHost: shop.example\r\nConnection: Upgrade${more}\r\nUpgrade: ${protocol}\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n`,
    );
  assert.equal((await ask("/chat", "tcp", "")).status, 403);
  assert.equal((await ask("/judged", "h2c", ", HTTP2-Settings")).status, 200);
  assert.deepEqual(upgrades, []);
});
