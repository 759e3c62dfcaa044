import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { eventually } from "../../harness/eventually.ts";
import type { Echo } from "../echo-upstream.ts";
import { send } from "../send.ts";
import type { Scene } from "./scene.ts";

export function callOutCases(scene: Scene): void {
  const grpc = (cluster: string, message: string, path = "/grpc", timeout = 300) =>
    send(scene.port, path, { headers: { "x-cluster": cluster, "x-message": message, "x-timeout": timeout } });
  const http = (cluster: string, target: string) =>
    send(scene.port, "/http-call", { headers: { "x-cluster": cluster, "x-target": target, "x-timeout": 300 } });

  test("gRPC: an answer reaches the stream that waits", async () => {
    assert.equal((await grpc("oracle", "hi", "/grpc", 5_000)).body, "message echo hi");
  });

  test("gRPC: the stream goes on when it is told to", async () => {
    const echo = JSON.parse((await grpc("oracle", "hi", "/grpc-continue", 5_000)).body) as Echo;
    assert.equal(echo.path, "/grpc-continue");
  });

  test("gRPC: the deadline closes: with 4 if the server saw it first, with 14 if Envoy did", async () => {
    assert.match((await grpc("oracle", "hold")).body, /^close (4|14) /);
  });

  test("gRPC: a server's own error keeps its status and its percent-encoded message", async () => {
    assert.match((await grpc("oracle", "fail", "/grpc", 5_000)).body, /^close 8 too%20100%25%20much/);
  });

  test("gRPC: a larger answer than the call allows closes with 8, unread", async () => {
    assert.equal((await grpc("oracle", "a".repeat(1_019), "/grpc", 5_000)).body.length, "message echo ".length + 1_019);
    assert.match((await grpc("oracle", "a".repeat(1_020), "/grpc", 5_000)).body, /^close 8 /);
  });

  test("gRPC: nothing listens: close 14", async () => {
    assert.match((await grpc("refused", "hi", "/grpc", 5_000)).body, /^close 14 /);
  });

  test("gRPC: no endpoint and no such cluster give a status at once, and no callback", async () => {
    assert.equal((await grpc("empty", "hi")).body, "status 10");
    assert.equal((await grpc("nowhere", "hi")).body, "status 10");
    assert.equal((await grpc("", "hi")).body, "status 10");
    assert.equal((await grpc("c".repeat(300), "hi")).body, "status 10");
  });

  test("gRPC: a pending call can't be used twice, and is cancelled once", async () => {
    const before = scene.surroundings.oracle.cancelled;
    assert.equal((await grpc("oracle", "hold", "/grpc-cancel", 60_000)).body, "twice 2 cancelled 0 then 1");
    await eventually(
      () => scene.surroundings.oracle.held,
      (held) => held === 0,
    );
    assert.ok(scene.surroundings.oracle.cancelled - before <= 1);
  });

  test("gRPC: an answer for a client that has gone is safe", async () => {
    const { oracle } = scene.surroundings;
    const late = await scene.envoy.stat("wasmcustom.probe.late");
    const headers = { "x-cluster": "oracle", "x-message": "hold", "x-timeout": "60000" };
    const call = request({ port: scene.port, path: "/grpc", headers, agent: false });
    call.on("error", () => {});
    call.end();
    await eventually(
      () => oracle.held,
      (held) => held === 1,
    );
    call.destroy();
    await eventually(
      () => scene.envoy.stat("wasmcustom.probe.live"),
      (live) => live === 0,
    );
    oracle.release();
    await eventually(
      () => scene.envoy.stat("wasmcustom.probe.late"),
      (now) => now === late + 1,
    );
    assert.equal((await grpc("oracle", "hi", "/grpc", 5_000)).body, "message echo hi");
  });

  test("gRPC: a stream sends, receives and ends, with its metadata", async () => {
    const said = "opening hello, echo one, echo two, closing bye, close 0, then 1, the host 1";
    assert.equal((await grpc("oracle", "one", "/grpc-stream")).body, said);
  });

  test("gRPC: a stream that the server ends is forgotten by the host as well", async () => {
    assert.equal(
      (await grpc("oracle", "leave", "/grpc-stream")).body,
      "opening hello, closing bye, close 0, then 1, the host 1",
    );
  });

  test("gRPC: a stream that can't be opened gives a status or closes; one is reset once", async () => {
    assert.equal((await grpc("empty", "one", "/grpc-stream")).body, "status 10");
    assert.match((await grpc("refused", "one", "/grpc-stream")).body, /, close 14, then 1, the host 1$/);
    assert.equal((await grpc("oracle", "", "/grpc-stream-reset")).body, "opened 0 reset 0 then 1");
  });

  test("HTTP: headers, body and trailers of the answer", async () => {
    const { body } = await http("upstream", "/trailers");
    const [, status, json, trailer] = /^(\d+) (.*) (\w+)$/.exec(body) ?? [];
    assert.equal(status, "200");
    assert.equal(trailer, "last");
    const echo = JSON.parse(json ?? "") as Echo;
    assert.deepEqual([echo.method, echo.path, echo.body], ["POST", "/trailers", "ask"]);
  });

  test("HTTP: deadline 504, nothing listens 503, no endpoint or no such cluster a status at once", async () => {
    assert.match((await http("upstream", "/never")).body, /^504 /);
    assert.match((await http("refused", "/")).body, /^503 /);
    assert.equal((await http("empty", "/")).body, "status 10");
    assert.equal((await http("nowhere", "/")).body, "status 2");
  });
}
