import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, lstat, mkdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { prepareSocketPath, withSocketMode } from "../../inference-sidecar/src/socket.ts";
import { startSidecar, temporaryFolder } from "./harness.ts";

async function stateFor(t: TestContext): Promise<{ state: string; path: string }> {
  const state = await temporaryFolder();
  t.after(() => rm(state, { recursive: true, force: true }));
  await mkdir(join(state, "run"), { mode: 0o750 });
  return { state, path: join(state, "run", "sidecar.sock") };
}

async function listenOn(t: TestContext, path: string): Promise<void> {
  const server = createServer((socket) => socket.destroy());
  await withSocketMode(path, () => new Promise<void>((resolve) => void server.listen(path, resolve)));
  t.after(() => new Promise((resolve) => server.close(resolve)));
}

/** A socket file that nobody listens on: its process was killed. */
async function leaveStale(state: string): Promise<void> {
  const sidecar = await startSidecar({ state });
  await sidecar.event("listening");
  sidecar.child.kill("SIGKILL");
  await sidecar.stop();
}

test("folder and socket are as narrow as promised", async (t) => {
  const sidecar = await startSidecar();
  t.after(() => sidecar.stop());
  await sidecar.event("listening");
  const socket = await stat(sidecar.socketPath);
  assert.equal(socket.isSocket(), true);
  assert.equal(socket.mode & 0o777, 0o660);
  assert.equal((await stat(dirname(sidecar.socketPath))).mode & 0o777, 0o750);
});

test("a wider folder of the state is narrowed, one elsewhere is refused and left as it is", async (t) => {
  const { state, path } = await stateFor(t);
  const folder = dirname(path);
  await chmod(folder, 0o777);
  await prepareSocketPath(path, state);
  assert.equal((await stat(folder)).mode & 0o777, 0o750);
  await chmod(folder, 0o755);
  await assert.rejects(prepareSocketPath(path, join(state, "elsewhere")), {
    code: "socket_refused",
    message: /chmod 750/,
  });
  assert.equal((await stat(folder)).mode & 0o777, 0o755);
});

test("a stale socket is replaced and nothing is left beside it", async (t) => {
  const { state, path } = await stateFor(t);
  await leaveStale(state);
  assert.equal((await lstat(path)).isSocket(), true);
  await prepareSocketPath(path, state);
  assert.equal(existsSync(path), false);
  assert.equal(existsSync(`${path}.old`), false);
});

test("a live socket is never taken", async (t) => {
  const { state, path } = await stateFor(t);
  await listenOn(t, path);
  await assert.rejects(prepareSocketPath(path, state), { code: "already_running" });
  assert.equal((await lstat(path)).isSocket(), true);
});

test("a second sidecar on the same socket ends, the first goes on", async (t) => {
  const first = await startSidecar();
  t.after(() => first.stop());
  await first.event("model_ready");
  const second = await startSidecar({ state: first.state });
  t.after(() => second.stop());
  assert.deepEqual(await second.exit(), { code: 5, signal: null });
  assert.match(String(second.events.at(-1)?.message), /already running/);
  assert.equal((await first.client.score(["a"])).scores.length, 1);
});

test("of several that start at once over a stale socket, one wins and answers", async (t) => {
  const { state } = await stateFor(t);
  await leaveStale(state);
  const sidecars = await Promise.all([0, 1, 2].map(() => startSidecar({ state })));
  t.after(() => Promise.all(sidecars.map((sidecar) => sidecar.stop())));
  const outcomes = await Promise.all(
    sidecars.map((sidecar) =>
      Promise.race([
        sidecar.event("model_ready").then(
          () => "ready",
          () => "ended",
        ),
        sidecar.exit().then(() => "ended"),
      ]),
    ),
  );
  assert.deepEqual(outcomes.sort(), ["ended", "ended", "ready"]);
  assert.equal((await sidecars[0]?.client.score(["a"]))?.scores.length, 1);
});

test("a foreign file at the socket's path is refused and left alone", async (t) => {
  const { state, path } = await stateFor(t);
  await writeFile(path, "precious");
  await assert.rejects(prepareSocketPath(path, state), { code: "socket_refused", message: /not a socket/ });
  assert.equal(await readFile(path, "utf8"), "precious");
});

test("symbolic links are not followed, neither as socket nor as folder", async (t) => {
  const { state, path } = await stateFor(t);
  await listenOn(t, join(state, "run", "other.sock"));
  await symlink(join(state, "run", "other.sock"), path);
  await assert.rejects(prepareSocketPath(path, state), { code: "socket_refused", message: /not a socket/ });
  await symlink(join(state, "run"), join(state, "linked"));
  await assert.rejects(prepareSocketPath(join(state, "linked", "sidecar.sock"), state), { message: /symbolic link/ });
});

test("a socket or folder of another user is refused", async (t) => {
  if (process.getuid?.() !== 0) return t.skip("only root can give files away");
  const { chown } = await import("node:fs/promises");
  const { state, path } = await stateFor(t);
  await leaveStale(state);
  await chown(path, 65534, 65534);
  await assert.rejects(prepareSocketPath(path, state), { code: "socket_refused", message: /another user/ });
  await chown(dirname(path), 65534, 65534);
  await assert.rejects(prepareSocketPath(path, state), { code: "socket_refused", message: /another user/ });
});
