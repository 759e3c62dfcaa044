import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import fc from "fast-check";
import { type FakeHost, loadIntoFakeHost } from "../fake-host.ts";
import type { Scene } from "./scene.ts";

const ROOT = 1;
const STREAM = 7;
const UNKNOWN = 4_000_000;
const STOP_ALL_AND_BUFFER = 3;
const OK = 0;
const NOT_FOUND = 1;
const INTERNAL_FAILURE = 10;

/** What Envoy does not do, or not on demand: the compiled probe against a host that the test plays. */
export function fakeHostCases(scene: Scene): void {
  let host: FakeHost;

  beforeEach(async () => {
    host = await loadIntoFakeHost(scene.surroundings.wasm);
    call("proxy_on_context_create", ROOT, 0);
    call("proxy_on_configure", ROOT, 0);
    call("proxy_on_context_create", STREAM, ROOT);
    host.calls.length = 0;
  });

  const call = (name: string, ...args: number[]) => {
    const callback = host.exports[name];
    assert.ok(callback, name);
    return callback(...args);
  };
  /** Headers as pairs, as the host gives them. */
  const giveHeaders = (pairs: Record<string, string>) => {
    const entries = Object.entries(pairs);
    const words = Buffer.alloc(4 + entries.length * 8);
    words.writeUInt32LE(entries.length);
    entries.forEach(([name, value], index) => {
      words.writeUInt32LE(name.length, 4 + index * 8);
      words.writeUInt32LE(value.length, 8 + index * 8);
    });
    const text = Buffer.from(entries.map(([name, value]) => `${name}\0${value}\0`).join(""));
    host.answers.proxy_get_header_map_pairs = (_map, data, size) =>
      host.give(Buffer.concat([words, text]), data as number, size as number);
  };
  const startGrpcCall = (token: number) => {
    giveHeaders({ ":path": "/grpc", "x-cluster": "c", "x-message": "m", "x-timeout": "1" });
    host.answers.proxy_grpc_call = (...args) => {
      host.store(args[11] as number, token);
      return OK;
    };
    call("proxy_on_request_headers", STREAM, 4, 1);
    host.calls.length = 0;
  };
  const replies = () => host.calls.filter((name) => name === "proxy_send_local_response").length;

  test("a stream that the host does not know where it is reset is let go of once it closes", () => {
    giveHeaders({ ":path": "/grpc-stream-reset", "x-cluster": "c", "x-message": "m" });
    host.answers.proxy_grpc_stream = (...args) => {
      host.store(args[8] as number, 6);
      return OK;
    };
    host.answers.proxy_grpc_cancel = () => NOT_FOUND;
    call("proxy_on_request_headers", STREAM, 3, 1);
    host.calls.length = 0;
    call("proxy_on_grpc_close", ROOT, 6, 14);
    assert.deepEqual(host.calls.slice(0, 2), ["proxy_get_status", "proxy_grpc_cancel"]);
  });

  test("a request without a context is refused", () => {
    assert.equal(call("proxy_on_request_headers", UNKNOWN, 1, 1), STOP_ALL_AND_BUFFER);
    assert.deepEqual(host.calls, ["proxy_send_local_response"]);
  });

  test("every other callback for an unknown id answers with its safe default and calls nothing", () => {
    assert.equal(call("proxy_on_vm_start", UNKNOWN, 0), 0);
    assert.equal(call("proxy_on_configure", UNKNOWN, 0), 0);
    assert.equal(call("proxy_on_done", UNKNOWN), 1);
    for (const phase of ["request_body", "response_headers", "response_body"]) {
      assert.equal(call(`proxy_on_${phase}`, UNKNOWN, 1, 1), 0);
    }
    for (const phase of ["request_trailers", "response_trailers"])
      assert.equal(call(`proxy_on_${phase}`, UNKNOWN, 1), 0);
    for (const event of ["tick", "log", "delete"]) call(`proxy_on_${event}`, UNKNOWN);
    call("proxy_on_context_create", UNKNOWN + 1, UNKNOWN);
    call("proxy_on_log", UNKNOWN + 1);
    call("proxy_on_queue_ready", UNKNOWN, 1);
    call("proxy_on_http_call_response", UNKNOWN, 1, 1, 1, 1);
    call("proxy_on_http_call_response", ROOT, UNKNOWN, 1, 1, 1);
    for (const event of ["receive_initial_metadata", "receive", "receive_trailing_metadata", "close"]) {
      call(`proxy_on_grpc_${event}`, UNKNOWN, 1, 1);
      call(`proxy_on_grpc_${event}`, ROOT, UNKNOWN, 1);
    }
    assert.deepEqual(host.calls, []);
  });

  test("a context is found until it is deleted", () => {
    assert.equal(call("proxy_on_done", STREAM), 1);
    call("proxy_on_log", STREAM);
    assert.deepEqual(host.calls, ["proxy_record_metric"]);
    call("proxy_on_delete", STREAM);
    host.calls.length = 0;
    call("proxy_on_log", STREAM);
    assert.deepEqual(host.calls, []);
  });

  test("an answer is given once; a second one for its token is nobody's", () => {
    startGrpcCall(5);
    call("proxy_on_grpc_receive", ROOT, 5, 0);
    assert.equal(replies(), 1);
    call("proxy_on_grpc_receive", ROOT, 5, 0);
    call("proxy_on_grpc_close", ROOT, 5, 14);
    assert.equal(replies(), 1);
  });

  test("a close that comes while the call is being made, which then fails, is nobody's", () => {
    giveHeaders({ ":path": "/grpc", "x-cluster": "c", "x-message": "m", "x-timeout": "1" });
    host.answers.proxy_grpc_call = () => {
      call("proxy_on_grpc_close", ROOT, 5, 14);
      return INTERNAL_FAILURE;
    };
    call("proxy_on_request_headers", STREAM, 4, 1);
    assert.equal(replies(), 1, "only the answer that tells the status");
  });

  test("the calls of a deleted root context are forgotten", () => {
    startGrpcCall(5);
    call("proxy_on_delete", ROOT);
    call("proxy_on_context_create", ROOT + 1, 0);
    host.calls.length = 0;
    call("proxy_on_grpc_receive", ROOT + 1, 5, 0);
    assert.deepEqual(host.calls, []);
  });

  test("any bytes as headers are taken without a trap", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        host.answers.proxy_get_header_map_pairs = (_map, data, size) =>
          host.give(bytes, data as number, size as number);
        assert.equal(call("proxy_on_request_headers", STREAM, 1, 1), 0);
      }),
    );
  });

  test("an address beyond memory is not read", () => {
    host.answers.proxy_get_header_map_pairs = (_map, data, size) => {
      host.store(data as number, 0xffff_0000);
      host.store(size as number, 0x1_0000);
      return OK;
    };
    assert.equal(call("proxy_on_request_headers", STREAM, 1, 1), 0);
  });

  test("a block that is not the one granted last is copied", () => {
    giveHeaders({ ":path": "/deny" });
    const granted = host.answers.proxy_get_header_map_pairs as (...args: number[]) => number;
    host.answers.proxy_get_header_map_pairs = (...args) => {
      granted(...args);
      call("proxy_on_memory_allocate", 16);
      return OK;
    };
    call("proxy_on_request_headers", STREAM, 1, 1);
    assert.equal(replies(), 1);
  });

  test("a request for more memory than a host can mean is refused", () => {
    assert.equal(call("proxy_on_memory_allocate", 0xffff_ffff), 0);
    assert.equal(call("proxy_on_memory_allocate", 0x7fff_ffff), 0);
    assert.notEqual(call("proxy_on_memory_allocate", 0), 0);
  });

  test("thousands of live streams, and as many that come and go, leave memory flat", () => {
    giveHeaders({ ":path": "/other", "x-value": "v".repeat(2_000) });
    const live = 5_000;
    const cycle = (id: number) => {
      call("proxy_on_context_create", id, ROOT);
      call("proxy_on_request_headers", id, 2, 1);
      call("proxy_on_delete", id);
      host.calls.length = 0;
    };
    for (let id = 100; id < 100 + live; id++) call("proxy_on_context_create", id, ROOT);
    for (let id = 100_000; id < 105_000; id++) cycle(id);
    const pages = host.exports.memory.buffer.byteLength;
    for (let id = 200_000; id < 250_000; id++) cycle(id);
    assert.equal(host.exports.memory.buffer.byteLength, pages);
  });
}
