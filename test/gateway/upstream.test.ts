import assert from "node:assert/strict";
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { test } from "node:test";
import { startTestGateway, type TestGateway } from "../harness/gateway.ts";

const policy = `
version: 1
mode: prevent
routes: [{ name: all, match: { path: /** }, public: true, score: headers }]
`;
const answer = (_: IncomingMessage, response: ServerResponse) => response.end("ok");
/** A gateway in front of the server, which listens at one address of `localhost` and is named by that name. */
async function inFrontOf(upstream: Server, scheme: string, host: string): Promise<TestGateway> {
  await new Promise<void>((done, refuse) => upstream.once("error", refuse).listen(0, host, done));
  const { port } = upstream.address() as AddressInfo;
  return startTestGateway({ upstream: new URL(`${scheme}://localhost:${port}`), policy });
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
