import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../harness/eventually.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { type Enforcement, startEnforcement } from "./enforcement.ts";

const policy = `
version: 1
mode: prevent
routes: [{ name: all, match: { path: /** }, public: true, score: off }]
`;
/** More than Envoy lets a cluster have by itself. */
const STREAMS = 1_100;
const AT_ONCE = 50;

let upstream: RecordingUpstream;
let gate: Enforcement;

before(
  async () => {
    upstream = await startRecordingUpstream(({ url }, response) => {
      if (!url?.startsWith("/events")) return response.end("ok");
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
    });
    gate = await startEnforcement({ upstream: upstream.url, policy });
  },
  { timeout: 120_000 },
);
after(async () => {
  await gate.stop();
  await upstream.stop();
});

test("streams without an end, more than a thousand, keep nobody else waiting", { timeout: 120_000 }, async () => {
  const address = { host: "127.0.0.1", port: Number(new URL(gate.url).port) };
  let begun = 0;
  const sockets: Socket[] = [];
  for (let i = 0; i < STREAMS; i++) {
    const socket = connect(address);
    socket
      .on("error", () => undefined)
      .once("data", (part: Buffer) => {
        if (part.toString().startsWith("HTTP/1.1 200")) begun++;
      });
    socket.write(`GET /events/${i} HTTP/1.1\r\nHost: shop.example\r\n\r\n`);
    sockets.push(socket);
    if (i % AT_ONCE === 0) await sleep(5);
  }
  try {
    await eventually(
      () => begun,
      (count) => count === STREAMS,
    );
    assert.equal((await fetch(`${gate.url}/orders`)).status, 200);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});
