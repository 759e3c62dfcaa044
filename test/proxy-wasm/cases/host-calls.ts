import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { eventually } from "../../harness/eventually.ts";
import { send } from "../send.ts";
import type { Scene } from "./scene.ts";

export function hostCallCases(scene: Scene): void {
  const call = async (name: string, a = "", b = "") =>
    (await send(scene.port, `/host/${name}`, { headers: { "x-a": a, "x-b": b } })).body;

  test("a property is read as bytes; one that is not there is null", async () => {
    assert.match(await call("property", "request.path"), / \/host\/property$/);
    assert.match(await call("property", "connection.mtls"), /^00 /);
    assert.equal(await call("property", "no.such"), "null");
  });

  test("a property that is set is read again and stands in the access log", async () => {
    assert.equal(await call("set-property", "probe.state", "written"), "0 written");
    await eventually(
      () => scene.envoy.log(),
      (log) => log.includes("ACCESS probe written"),
    );
  });

  test("verify_signature accepts a good signature and refuses a changed text", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const spki = publicKey.export({ type: "spki", format: "der" });
    const text = Buffer.from("signed\0text");
    const argument = (signed: Buffer) =>
      protobuf([Buffer.from("sha256"), spki, sign("sha256", text, privateKey), signed]).toString("hex");
    assert.equal(await call("foreign", "verify_signature", argument(text)), "0 0801");
    assert.notEqual(await call("foreign", "verify_signature", argument(Buffer.from("other"))), "0 0801");
  });

  test("shared data is written only over the version that was read", async () => {
    assert.equal(await call("shared-cas", "cas-key"), "1 0 8 two");
  });

  test("metrics count, are read back and appear in /stats", async () => {
    assert.equal(await call("metrics"), "5 1099511627776 true 0");
    assert.equal(await scene.envoy.stat("wasmcustom.probe.counted"), 5);
    assert.equal(await scene.envoy.stat("wasmcustom.probe.gauged"), 2 ** 40);
    await send(scene.port, "/hold", { method: "POST", body: "histogram" });
    await eventually(
      () => scene.envoy.admin("/stats?usedonly&filter=wasmcustom"),
      (stats) => stats.includes("wasmcustom.probe.body_size: "),
    );
  });

  test("environment variables: given, from the host, not set, no name", async () => {
    assert.equal(await call("environment", "PROBE_GIVEN"), "a=b");
    assert.equal(await call("environment", "PROBE_HOST"), "from host");
    assert.equal(await call("environment", "PROBE_UNSET"), "null");
    assert.equal(await call("environment", "PROBE"), "null");
    assert.equal(await call("environment", ""), "null");
  });

  test("random bytes differ", async () => {
    const [first, second] = [await call("random"), await call("random")];
    assert.match(first, /^[0-9a-f]{32}$/);
    assert.notEqual(first, second);
  });

  test("the clock is the wall clock in nanoseconds", async () => {
    const millis = Number(BigInt(await call("clock")) / 1_000_000n);
    assert.ok(Math.abs(millis - Date.now()) < 60_000);
  });

  test("the log is written at the host's level", async () => {
    assert.equal(await call("log", "written by the probe"), "3 0");
    assert.match(await scene.envoy.log(), /\[wasm\].*written by the probe/);
  });

  test("a tick of the root context answers a stream in its effective context", async () => {
    assert.equal((await send(scene.port, "/tick")).body, "ticked");
  });

  test("a queue's item reaches the root context", async () => {
    const before = await scene.envoy.stat("wasmcustom.probe.dequeued");
    assert.equal((await send(scene.port, "/queue")).body, "status 0");
    await eventually(
      () => scene.envoy.stat("wasmcustom.probe.dequeued"),
      (now) => now === before + 1,
    );
  });

  test("what is not there gives a status or nothing", async () => {
    assert.equal(await call("unknown"), "null 1 2 0 0 0 null 0 null");
  });
}

/** Length-delimited fields numbered from 1. */
function protobuf(fields: Buffer[]): Buffer {
  const parts = fields.map((field, index) => {
    const length: number[] = [];
    for (let rest = field.length; ; rest >>= 7) {
      length.push(rest > 127 ? (rest & 127) | 128 : rest);
      if (rest <= 127) break;
    }
    return Buffer.concat([Buffer.from([((index + 1) << 3) | 2, ...length]), field]);
  });
  return Buffer.concat(parts);
}
