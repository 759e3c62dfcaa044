import assert from "node:assert/strict";
import { test } from "node:test";
import type { Echo } from "../echo-upstream.ts";
import { send } from "../send.ts";
import type { Scene } from "./scene.ts";

function valuesOf(echo: Echo, name: string): string[] {
  return echo.headers.filter((_, index) => index % 2 === 1 && echo.headers[index - 1]?.toLowerCase() === name);
}

export function headerCases(scene: Scene): void {
  test("all request headers come in one call, in lower case, each value of a name by itself", async () => {
    const headers = { "X-Twice": ["a, b", "c"], "x-empty": "" };
    const [counts, ...lines] = (await send(scene.port, "/list", { headers })).body.split("\n");
    assert.equal(counts, "true false");
    assert.deepEqual(
      lines.filter((line) => line.startsWith("x-twice") || line.startsWith("x-empty")),
      ["x-twice=a, b", "x-twice=c", "x-empty="],
    );
    assert.ok(lines.includes(":path=/list") && lines.includes(":method=GET"));
  });

  test("headers are replaced, added and removed on the way to the upstream", async () => {
    const headers = { "x-twice": ["1", "2"], "x-added": "first", "x-removed": ["a", "b"] };
    const echo = JSON.parse((await send(scene.port, "/mutate", { headers })).body) as Echo;
    assert.deepEqual(valuesOf(echo, "x-twice"), ["once"]);
    assert.deepEqual(valuesOf(echo, "x-added"), ["first", "second"]);
    assert.deepEqual(valuesOf(echo, "x-removed"), []);
  });

  test("a value that would split the header is refused", async () => {
    const echo = JSON.parse((await send(scene.port, "/mutate")).body) as Echo;
    assert.deepEqual(valuesOf(echo, "x-results"), ["0 0 0 0 2"]);
    assert.deepEqual(valuesOf(echo, "x-split"), []);
    assert.deepEqual(valuesOf(echo, "x-smuggled"), []);
  });

  test("the whole map can be set", async () => {
    const headers = { "x-removed": "a", "x-kept": "b" };
    const echo = JSON.parse((await send(scene.port, "/set-all", { headers })).body) as Echo;
    assert.equal(echo.path, "/set-all");
    assert.deepEqual(valuesOf(echo, "x-kept"), ["b"]);
    assert.deepEqual(valuesOf(echo, "x-new"), ["1"]);
    assert.deepEqual(valuesOf(echo, "x-removed"), []);
    assert.deepEqual(valuesOf(echo, "x-bad"), []);
  });

  test("response headers are read and changed", async () => {
    const { headers } = await send(scene.port, "/mutate");
    assert.equal(headers["x-status-seen"], "200");
    assert.equal(headers["x-upstream"], undefined);
    assert.equal((await send(scene.port, "/echo")).headers["x-upstream"], "secret");
  });

  test("a local reply carries its status, headers and body; a header that would split it is left out", async () => {
    const { status, headers, body } = await send(scene.port, "/deny");
    assert.equal(status, 403);
    assert.equal(body, "{}");
    assert.equal(headers["content-type"], "application/problem+json");
    assert.equal(headers["x-reason"], "first, second");
    assert.equal(headers["x-split"], undefined);
    assert.equal(headers["set-cookie"], undefined);
    assert.equal(headers["x-version"], "v1", "response callbacks see local replies");
  });

  test("a stream that the filter closes gets no answer", async () => {
    await assert.rejects(send(scene.port, "/close"), /socket hang up|ECONNRESET/);
  });

  test("request trailers are read and changed", async () => {
    const headers = { "transfer-encoding": "chunked", trailer: "x-secret, x-keep" };
    const sent = { method: "POST", headers, body: "x", trailers: { "x-secret": "1", "x-keep": "2" } };
    const echo = JSON.parse((await send(scene.port, "/echo", sent)).body) as Echo;
    assert.deepEqual(echo.trailers, { "x-keep": "2", "x-seen": "2" });
  });

  test("response trailers are read and changed", async () => {
    const { trailers } = await send(scene.port, "/trailers", { headers: { te: "trailers" } });
    assert.deepEqual({ ...trailers }, { "x-trailer": "last", "x-seen": "1 last" });
  });
}
