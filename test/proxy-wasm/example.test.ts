import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parse } from "yaml";
import { compileFilter } from "../harness/compile-filter.ts";
import { startEnvoy, type TestEnvoy } from "../harness/envoy.ts";
import { type Echo, startEchoUpstream } from "./echo-upstream.ts";
import { send } from "./send.ts";

const EXAMPLE = "filter/proxy-wasm/example";

/** The example's own `envoy.yaml`, with ports that are free here. */
async function bootstrapOf(folder: string, upstreamPort: number, authorizerPort: number): Promise<object> {
  const wasm = join(folder, "doorman.wasm");
  await compileFilter(`${EXAMPLE}/filter.ts`, wasm);
  const yaml = (await readFile(`${EXAMPLE}/envoy.yaml`, "utf8"))
    .replace("port_value: 10000", "port_value: 0")
    .replace("port_value: 8000", `port_value: ${upstreamPort}`)
    .replace("port_value: 9000", `port_value: ${authorizerPort}`)
    .replace("filename: doorman.wasm", `filename: ${wasm}`);
  const { static_resources: resources } = parse(yaml) as { static_resources: object };
  return { static_resources: resources };
}

describe("the example of proxy-wasm-as", () => {
  const asked: string[] = [];
  let upstream: Server;
  let authorizer: Server;
  let envoy: TestEnvoy;
  let port: number;

  before(async () => {
    authorizer = createServer((request, response) => {
      const path = String(request.headers["x-asked-path"]);
      asked.push(`${request.method} ${request.url} ${path}`);
      response.statusCode = path.startsWith("/allowed") ? 200 : 401;
      response.end();
    });
    authorizer.listen(0, "127.0.0.1");
    await once(authorizer, "listening");
    const echo = await startEchoUpstream();
    upstream = echo.server;
    const authorizerPort = (authorizer.address() as AddressInfo).port;
    envoy = await startEnvoy((folder) => bootstrapOf(folder, echo.port, authorizerPort));
    port = await envoy.port("doorman");
  });

  after(async () => {
    await envoy?.stop();
    for (const server of [upstream, authorizer]) {
      server?.closeAllConnections();
      server?.close();
    }
  });

  test("a request that the service allows passes, marked, body and all", async () => {
    const { status, body } = await send(port, "/allowed?a=1", { method: "POST", body: "payload" });
    assert.equal(status, 200);
    const echo = JSON.parse(body) as Echo;
    assert.equal(echo.headers[echo.headers.indexOf("x-doorman") + 1], "passed");
    assert.equal(echo.body, "payload");
    assert.equal(asked.at(-1), "GET /check /allowed?a=1");
  });

  test("one that it does not allow, and one of the closed part, are denied and counted", async () => {
    const before = await envoy.stat("wasmcustom.doorman.denied");
    const refused = await send(port, "/other");
    assert.deepEqual([refused.status, refused.body], [403, "the service said no"]);
    const count = asked.length;
    const closed = await send(port, "/private/x");
    assert.deepEqual([closed.status, closed.body, closed.headers["content-type"]], [403, "closed", "text/plain"]);
    assert.equal(asked.length, count, "nobody was asked about the closed part");
    assert.equal(await envoy.stat("wasmcustom.doorman.denied"), before + 2);
  });
});
