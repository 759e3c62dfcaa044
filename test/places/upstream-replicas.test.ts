import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { upstreamClusters, upstreamRoutes } from "../../envoy/render/clusters.ts";
import { startEnvoy } from "../harness/envoy.ts";

const REQUESTS = 40;
const addresses = ["127.0.0.2", "127.0.0.3"];
/** Of a message's header, before the question (RFC 1035, section 4.1.1). */
const HEADER_BYTES = 12;
const TYPE_A = 1;

/** Answers each question for addresses (A) with all of them (RFC 1035), and any other one with nothing. */
async function startNameServer(): Promise<{ readonly port: number; close(): void }> {
  const socket = createSocket("udp4");
  socket.on("message", (question, from) => {
    let end = HEADER_BYTES;
    while (question[end] !== 0) end += (question[end] ?? 0) + 1;
    const told = question.readUInt16BE(end + 1) === TYPE_A ? addresses : [];
    const head = Buffer.from(question.subarray(0, end + 5));
    head.writeUInt16BE(0x8180, 2);
    head.writeUInt16BE(told.length, 6);
    head.writeUInt32BE(0, 8);
    const records = told.map((address) =>
      Buffer.from([0xc0, HEADER_BYTES, 0, TYPE_A, 0, 1, 0, 0, 0, 1, 0, 4, ...address.split(".").map(Number)]),
    );
    socket.send(Buffer.concat([head, ...records]), from.port, from.address);
  });
  await new Promise<void>((done) => socket.bind(0, "127.0.0.1", done));
  return { port: socket.address().port, close: () => socket.close() };
}

test("replicas of an upstream that stand behind one name share the load", async (context) => {
  const counts = addresses.map(() => 0);
  const servers: Server[] = [];
  let port = 0;
  for (const [index, address] of addresses.entries()) {
    const server = createServer((_, response) => {
      counts[index] = (counts[index] ?? 0) + 1;
      response.end();
    });
    await new Promise<void>((done, refuse) => server.once("error", refuse).listen(port, address, done));
    port = (server.address() as AddressInfo).port;
    servers.push(server);
  }
  const names = await startNameServer();
  const resolver = {
    name: "envoy.network.dns_resolver.cares",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
      resolvers: [{ socket_address: { address: "127.0.0.1", port_value: names.port } }],
    },
  };
  const upstream = { protocol: "http", host: "shop.test", port, trustBundleFile: null } as const;
  const clusters = upstreamClusters(upstream).map((cluster) => ({ ...cluster, typed_dns_resolver_config: resolver }));
  const manager = {
    "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    stat_prefix: "edge",
    route_config: { virtual_hosts: [{ name: "all", domains: ["*"], routes: upstreamRoutes(upstream) }] },
    http_filters: [
      {
        name: "envoy.filters.http.router",
        typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
      },
    ],
  };
  const listener = {
    name: "edge",
    address: { socket_address: { address: "127.0.0.1", port_value: 0 } },
    filter_chains: [{ filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }] }],
  };
  const envoy = await startEnvoy(() => ({ static_resources: { listeners: [listener], clusters } }));
  context.after(async () => {
    await envoy.stop();
    names.close();
    for (const server of servers) server.close();
  });
  const url = `http://127.0.0.1:${await envoy.port("edge")}/`;
  for (let count = 0; count < REQUESTS; count++) assert.equal((await fetch(url)).status, 200);
  assert.ok(
    counts.every((count) => count >= REQUESTS / 4),
    counts.join(" and "),
  );
});
