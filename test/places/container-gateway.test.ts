import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

const program = "envoy/container/gateway.ts";

test("the gateway's container refuses what it can't do, in words, before Envoy is started", () => {
  for (const [args, says] of [
    [["--upstream", "shop:3000"], /--upstream URL: write an origin such as/],
    [["--upstream", "http://shop:3000/base"], /--upstream URL: .*without a path/],
    [["--concurrency", "two"], /--concurrency two: write a whole number from 1 to 64/],
    [["--concurrency", "0"], /--concurrency 0: write a whole number from 1 to 64/],
    [["--listen", "8443"], /--listen 8443: write ADDRESS:PORT/],
    [["--nonsense"], /--nonsense/],
  ] as const) {
    const state = ["--state", "/proc/none", "--envoy", "/none"];
    const command = ["--import", "tsx", program, ...state, ...args];
    const { status, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
    assert.equal(status, 1, stderr);
    assert.match(stderr, says);
    assert.equal(stderr.trim().split("\n").length, 1, stderr);
  }
});
