import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { status } from "@grpc/grpc-js";
import { buildSidecar } from "../../scripts/build/sidecar.ts";
import { startSidecar, temporaryFolder, testBundle, until } from "./harness.ts";

const SERVICE = "postern.v1.PolicyInformationPoint";

test("health: not serving while the model loads, then serving, both for the server and the service", async (t) => {
  const sidecar = await startSidecar();
  t.after(() => sidecar.stop());
  await sidecar.event("listening");
  const early = await sidecar.client.health();
  if (!sidecar.events.some(({ event }) => event === "model_ready")) {
    assert.equal(early, "NOT_SERVING");
    await assert.rejects(sidecar.client.score(["a"]), { code: status.UNAVAILABLE });
  }
  await sidecar.event("model_ready");
  assert.equal(await sidecar.client.health(), "SERVING");
  assert.equal(await sidecar.client.health(SERVICE), "SERVING");
  await assert.rejects(sidecar.client.health("another"), { code: status.NOT_FOUND });
});

test("SIGTERM: calls in flight are finished, the socket is gone, exit code 0", async (t) => {
  const sidecar = await startSidecar({ limits: { drainMs: 60_000 } });
  t.after(() => sidecar.stop());
  await sidecar.event("model_ready");
  const answer = sidecar.client.score([Buffer.from([255, 80])]);
  await sidecar.client.health();
  sidecar.child.kill("SIGTERM");
  assert.equal((await answer).scores.length, 1);
  assert.deepEqual(await sidecar.exit(), { code: 0, signal: null });
  assert.equal(existsSync(sidecar.socketPath), false);
});

test("a sidecar whose socket is taken away ends, so that it is started where it can be reached", async (t) => {
  const sidecar = await startSidecar();
  t.after(() => sidecar.stop());
  await sidecar.event("model_ready");
  await rm(sidecar.socketPath);
  assert.deepEqual(await sidecar.exit(), { code: 1, signal: null });
  assert.equal((await sidecar.event("socket_gone")).socket, sidecar.socketPath);
});

test("a call that outlasts the drain is cut, and the exit is still clean", async (t) => {
  const sidecar = await startSidecar({ limits: { drainMs: 50 } });
  t.after(() => sidecar.stop());
  await sidecar.event("model_ready");
  const answer = sidecar.client.score([Buffer.from([255, 255]), Buffer.from([255, 254])]);
  const second = sidecar.client.score([Buffer.from([255, 255])]);
  const settled = Promise.allSettled([answer, second]);
  await sidecar.client.health();
  sidecar.child.kill("SIGTERM");
  assert.deepEqual(await sidecar.exit(), { code: 0, signal: null });
  assert.ok((await settled).some((result) => result.status === "rejected"));
});

test("when the parent is gone, its pipe closed, the sidecar ends", async (t) => {
  const sidecar = await startSidecar();
  t.after(() => sidecar.stop());
  await sidecar.event("listening");
  sidecar.child.stdin?.end();
  assert.deepEqual(await sidecar.exit(), { code: 0, signal: null });
  assert.equal((await sidecar.event("draining")).why, "parent_gone");
});

test("killed with -9 and started again, the same socket answers the same client", async (t) => {
  const state = await temporaryFolder();
  t.after(() => rm(state, { recursive: true }));
  const first = await startSidecar({ state });
  t.after(() => first.stop());
  await first.event("model_ready");
  assert.equal((await first.client.score(["'"])).scores.length, 1);
  await first.kill();
  assert.equal(existsSync(first.socketPath), true, "a stale socket is left");
  await assert.rejects(first.client.score(["a"]), { code: status.UNAVAILABLE });
  const second = await startSidecar({ state });
  t.after(() => second.stop());
  await second.event("model_ready");
  await until("the first client is connected again", () =>
    first.client.score(["a"]).then(
      () => true,
      () => false,
    ),
  );
});

test("the built folder runs anywhere, without node_modules", async (t) => {
  const state = await temporaryFolder();
  t.after(() => rm(state, { recursive: true }));
  const folder = join(state, "elsewhere");
  await cp(dirname(await buildSidecar()), folder, { recursive: true });
  const sidecar = await startSidecar({ state, main: join(folder, "main.mjs") });
  t.after(() => sidecar.stop());
  await sidecar.event("model_ready");
  assert.equal((await sidecar.client.score(["a"])).scores.length, 1);
});

test("a bundle whose file was changed is refused by name", async (t) => {
  const state = await temporaryFolder();
  t.after(() => rm(state, { recursive: true }));
  const bundleDirectory = join(state, "bundle");
  await mkdir(bundleDirectory);
  for (const name of ["manifest.json", "model.onnx", "screen.bin"]) {
    await writeFile(join(bundleDirectory, name), await readFile(join(testBundle, name)));
  }
  await writeFile(join(bundleDirectory, "screen.bin"), "changed");
  const sidecar = await startSidecar({ state, bundleDirectory });
  t.after(() => sidecar.stop());
  assert.deepEqual(await sidecar.exit(), { code: 3, signal: null });
  assert.match(String(sidecar.events.at(-1)?.message), /screen\.bin/);
});
