import assert from "node:assert/strict";
import { mkdtemp, open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { lockState } from "../../scripts/gateway/lock.ts";
import { turnOver } from "../../scripts/gateway/process-logs.ts";
import { prepareState, stateFolder } from "../../scripts/gateway/state.ts";
import { wishOutcome } from "../../scripts/gateway/stored-module.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "state-"));
});
after(() => rm(folder, { recursive: true, force: true }));

test("the state's folders are its user's alone, and sockets lie in run", async () => {
  const state = stateFolder(join(folder, "here"));
  await prepareState(state);
  for (const path of [state.root, state.run, state.log, state.keys]) {
    assert.equal((await stat(path)).mode & 0o777, 0o700, path);
  }
  assert.equal(state.sidecarSocket, join(state.root, "run", "sidecar.sock"));
});

test("a state folder with a long name has its sockets in a short one of its own", async () => {
  const state = stateFolder(join(folder, "x".repeat(100)));
  await prepareState(state);
  try {
    assert.ok(Buffer.byteLength(state.sidecarSocket) <= 100, state.sidecarSocket);
    assert.equal((await stat(state.sockets)).mode & 0o777, 0o700);
    assert.equal(stateFolder(join(folder, "x".repeat(100))).sockets, state.sockets);
    assert.notEqual(stateFolder(join(folder, "y".repeat(100))).sockets, state.sockets);
  } finally {
    await rm(state.sockets, { recursive: true, force: true });
  }
});

test("something else in the place of a folder is an error that names it", async () => {
  await writeFile(join(folder, "file"), "");
  await assert.rejects(prepareState(stateFolder(join(folder, "file"))), /file/);
});

test("what a loss of power left of a file on the last change of bundles is no reason not to start", async () => {
  const state = stateFolder(join(folder, "cut"));
  await prepareState(state);
  for (const left of ["", '{"wish":', "\0\0\0"]) {
    await writeFile(join(state.run, "model.json"), left);
    assert.equal(await wishOutcome(state), null);
  }
});

test("a state folder has one gateway; a lock that a dead one left does not stand in the way", async () => {
  const state = stateFolder(join(folder, "locked"));
  await prepareState(state);
  const release = await lockState(state);
  await assert.rejects(
    lockState(state),
    new RegExp(`in use by the gateway with process id ${process.pid}.*--state DIR`),
  );
  await release();
  // A process id that is in use, by a process that started at another time.
  await writeFile(join(state.run, "gateway.lock"), JSON.stringify({ pid: process.pid, started: "1" }));
  const again = await lockState(state);
  const holder = JSON.parse(await readFile(join(state.run, "gateway.lock"), "utf8")) as {
    pid: number;
    started: string;
  };
  assert.equal(holder.pid, process.pid);
  assert.notEqual(holder.started, "1");
  await again();
});

test("of many starters at once exactly one takes the lock, a stale one or none in the way", async () => {
  const state = stateFolder(join(folder, "contested"));
  await prepareState(state);
  for (let round = 0; round < 200; round += 1) {
    if (round % 2 === 0) {
      await writeFile(join(state.run, "gateway.lock"), JSON.stringify({ pid: process.pid, started: "1" }));
    }
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockState(state)));
    const taken = tries.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    assert.equal(taken.length, 1, `round ${round}`);
    for (const release of taken) await release();
    assert.deepEqual(await readdir(state.run), [], `round ${round}`);
  }
});

test("a process's own log that has grown too long becomes NAME.1 and goes on empty, still written by who has it open", async () => {
  const path = join(folder, "access.log");
  const writer = await open(path, "a");
  await writer.write("x".repeat(2000));
  assert.equal(await turnOver(path, 2001), false);
  assert.equal(await turnOver(path, 2000), true);
  await writer.write("next\n");
  assert.equal(await readFile(path, "utf8"), "next\n");
  assert.equal((await readFile(`${path}.1`, "utf8")).length, 2000);
  assert.equal(await turnOver(join(folder, "none.log"), 1), false);
  await writer.close();
});
