import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from "node:http";
import { createSecureServer } from "node:http2";
import { createServer as createHttps } from "node:https";
import { type AddressInfo, connect, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { issueCertificate } from "../../scripts/demo/certificate.ts";
import { eventually } from "../harness/eventually.ts";
import { startTestGateway, type TestGateway } from "../harness/gateway.ts";

const policy = `
version: 1
mode: prevent
routes: [{ name: all, match: { path: /** }, public: true, score: headers }]
`;
const upgrade = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

let folder = "";
let server: { cert: string; key: string };
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "upstream-"));
  const authority = await issueCertificate({ name: "authority", alternativeNames: [], validDays: 1 }, null);
  const issued = await issueCertificate({ name: "server", alternativeNames: ["localhost"], validDays: 1 }, authority);
  server = { cert: issued.certificatePem, key: issued.keyPem };
  process.env.SSL_CERT_FILE = join(folder, "ca.pem");
  await writeFile(process.env.SSL_CERT_FILE, authority.certificatePem);
});
after(() => rm(folder, { recursive: true, force: true }));

const answer = (_: IncomingMessage, response: ServerResponse) => response.end("ok");
const secure = { http1: () => createHttps(server, answer), http2: () => http2Server() };

/** Speaks what the client's handshake asks for, as most servers do that speak HTTP/2. */
function http2Server(): Server {
  return createSecureServer({ ...server, allowHTTP1: true }, (_, response) => response.end("ok"));
}

/** A gateway in front of the server, which listens at one address of `localhost` and is named by that name. */
async function inFrontOf(upstream: Server, scheme: string, host: string): Promise<TestGateway> {
  await new Promise<void>((done, refuse) => upstream.once("error", refuse).listen(0, host, done));
  const { port } = upstream.address() as AddressInfo;
  return startTestGateway({ upstream: new URL(`${scheme}://localhost:${port}`), policy });
}

async function echoed(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  let text = "";
  socket
    .on("error", () => undefined)
    .on("data", (part: Buffer) => {
      text += part.toString("latin1");
    });
  socket.write(`${["GET /chat HTTP/1.1", "Host: shop.example", ...upgrade].join("\r\n")}\r\n\r\n`);
  await eventually(
    () => text,
    (all) => all.includes("\r\n\r\n"),
  );
  socket.write("first frame");
  if (text.includes(" 101 "))
    await eventually(
      () => text,
      (all) => all.includes("first frame"),
    );
  socket.destroy();
  return text;
}

for (const host of ["127.0.0.1", "::1"])
  test(`a server of which localhost is the name is reached where it listens at ${host} alone`, {
    timeout: 120_000,
  }, async (context) => {
    const upstream = createHttp(answer);
    const gateway = await inFrontOf(upstream, "http", host).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRNOTAVAIL") throw error;
      return null;
    });
    if (gateway === null) return context.skip(`this machine has no ${host}`);
    try {
      for (let i = 0; i < 4; i++) assert.equal((await fetch(`${gateway.url}/orders/${i}`)).status, 200);
    } finally {
      await gateway.stop();
      upstream.close();
    }
  });

for (const [protocol, make] of Object.entries(secure))
  test(`requests and WebSockets pass to an https upstream that speaks ${protocol}`, { timeout: 120_000 }, async () => {
    const upstream = make();
    upstream.on("upgrade", (_, socket) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
      socket.on("error", () => undefined).pipe(socket);
    });
    const gateway = await inFrontOf(upstream, "https", "127.0.0.1");
    try {
      assert.equal((await fetch(`${gateway.url}/orders`)).status, 200);
      assert.match(await echoed(gateway.url), /^HTTP\/1.1 101 /);
    } finally {
      await gateway.stop();
      upstream.close();
    }
  });
