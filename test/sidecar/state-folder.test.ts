import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { type RunningSidecar, startSidecar, temporaryFolder } from "./harness.ts";

let state = "";
const running: RunningSidecar[] = [];

beforeEach(async () => {
  state = await temporaryFolder();
});
afterEach(async () => {
  for (const sidecar of running.splice(0)) await sidecar.stop();
  await rm(state, { recursive: true, force: true });
});

async function start(socket = "run/sidecar.sock"): Promise<RunningSidecar> {
  const sidecar = await startSidecar({ state, socketPath: join(state, socket) });
  running.push(sidecar);
  return sidecar;
}

test("a state folder has one sidecar, whatever their sockets; one that was killed does not stand in the way", async () => {
  const first = await start();
  await first.event("listening");
  const second = await start("elsewhere/sidecar.sock");
  const { code, message } = await second.event("start_failed");
  assert.equal(code, "already_running");
  assert.match(String(message), /already running on this state folder/);
  assert.equal((await second.exit()).code, 5);
  await first.kill();
  const third = await start("elsewhere/sidecar.sock");
  await third.event("listening");
  third.child.kill("SIGTERM");
  assert.equal((await third.exit()).code, 0);
  assert.equal(existsSync(join(state, "sidecar.lock")), false);
});

test("a store that ends every start is named after three of them, with what to do about it", {
  timeout: 120_000,
}, async () => {
  const sound = await start();
  await sound.event("listening");
  await sound.stop();
  await truncate(join(state, "store", "state.mdb"), 8192);
  for (let attempt = 0; attempt < 3; attempt++) {
    const { code, signal } = await (await start()).exit();
    assert.notEqual(code, 0);
    assert.notEqual(signal, "SIGKILL");
  }
  const named = await start();
  assert.match(String((await named.event("start_failed")).message), /it seems to be damaged\. Move .*store away/);
  assert.equal((await named.exit()).code, 6);
  await rename(join(state, "store"), join(state, "store-damaged"));
  await (await start()).event("listening");
  assert.equal(existsSync(join(state, "store", "attempts")), false);
});

test("starts that fail for another reason say nothing of the store", { timeout: 120_000 }, async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  for (let attempt = 0; attempt < 4; attempt++) {
    const refused = await startSidecar({ state, dashboard: { port } });
    running.push(refused);
    assert.equal((await refused.event("start_failed")).code, "dashboard_address");
  }
  other.close();
  await (await start()).event("listening");
});

test("a store that has lost its content is told at each start, and nothing is written over it; a first start that ended before it wrote is none", async () => {
  const path = join(state, "store", "state.mdb");
  await mkdir(join(state, "store"));
  await writeFile(path, "");
  const first = await start();
  await first.event("listening");
  await first.stop();
  const whole = await readFile(path);
  for (const lose of [() => truncate(path, 0), () => rm(path), () => Promise.resolve()]) {
    await lose();
    const told = await start();
    const { code, message } = await told.event("start_failed");
    assert.equal(code, "state_directory");
    assert.match(String(message), /state\.mdb is gone or empty, and had been written.* move .*store away/);
    assert.equal((await told.exit()).code, 6);
  }
  assert.equal(existsSync(path), false);
  // Another failure is told as what it is.
  await symlink("state.mdb", path);
  const { message } = await (await start()).event("start_failed");
  assert.match(String(message), /ELOOP/);
  await rm(path);
  await writeFile(path, whole);
  await (await start()).event("listening");
});
