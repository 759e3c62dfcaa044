import assert from "node:assert/strict";
import { test } from "node:test";
import type { Echo } from "../echo-upstream.ts";
import { send } from "../send.ts";
import type { Scene } from "./scene.ts";

export function bodyCases(scene: Scene): void {
  test("head and body are held until the body is whole, read in part and whole, and replaced", async () => {
    const { body } = await send(scene.port, "/hold", { method: "POST", body: "hello body" });
    const echo = JSON.parse(body) as Echo;
    assert.equal(echo.body, "10,10 llo 0 [hello body]");
  });

  test("a body of many chunks is one", async () => {
    const sent = "0123456789".repeat(50_000);
    const { body } = await send(scene.port, "/hold", { method: "POST", body: sent });
    assert.equal((JSON.parse(body) as Echo).body, `500000,500000 234 0 [${sent}]`);
  });

  test("a body of any bytes does not trap", async () => {
    const { status } = await send(scene.port, "/hold", {
      method: "POST",
      body: Buffer.from([0, 255, 254, 0xed, 0xa0]),
    });
    assert.equal(status, 200);
  });

  test("a response body is replaced", async () => {
    assert.equal((await send(scene.port, "/response")).body, "replaced true");
  });
}
