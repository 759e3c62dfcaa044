import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  chmod,
  type FileHandle,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { loadKeyFile } from "../../inference-sidecar/src/decision-log/key-file.ts";
import { writeDurably } from "../../inference-sidecar/src/durable-file.ts";
import { removeLeftovers } from "../../inference-sidecar/src/leftovers.ts";
import { BundleStore } from "../../inference-sidecar/src/models/bundle-store.ts";
import { readPrivateFile } from "../../inference-sidecar/src/private-file.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "postern-files-"));
});
after(() => rm(folder, { recursive: true }));

test("a file is replaced whole, and what lies in the place of the new one is never written to", async () => {
  const path = join(folder, "state.json");
  const elsewhere = join(folder, "elsewhere");
  await writeFile(elsewhere, "untouched");
  await symlink(elsewhere, `${path}.${process.pid}.new`);
  for (const content of ["one", "two"]) {
    await writeDurably(path, content);
    assert.equal(await readFile(path, "utf8"), content);
  }
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal(await readFile(elsewhere, "utf8"), "untouched");
  assert.deepEqual((await readdir(folder)).sort(), ["elsewhere", "state.json"]);
});

test("a file that the disk has no room for leaves nothing beside the old one", async () => {
  const room = (bytes: string) =>
    promisify(execFile)("prlimit", ["--pid", String(process.pid), `--fsize=${bytes}:unlimited`]);
  const own = join(folder, "full");
  await mkdir(own);
  await writeDurably(join(own, "state.json"), "old");
  await room("1");
  try {
    await assert.rejects(writeDurably(join(own, "state.json"), "a new one"));
  } finally {
    await room("unlimited");
  }
  assert.deepEqual(await readdir(own), ["state.json"]);
  assert.equal(await readFile(join(own, "state.json"), "utf8"), "old");
});

test("a private file is read where it is one, and what is wrong with it is said with its name", async () => {
  const path = join(folder, "secret");
  assert.equal(await readPrivateFile(path, 10), null);
  await writeFile(path, "0123456789", { mode: 0o600 });
  assert.equal(String(await readPrivateFile(path, 10)), "0123456789");
  await symlink(path, join(folder, "link"));
  const refusals: readonly [path: string, most: number, why: RegExp][] = [
    [path, 9, /secret has more than 9 bytes$/],
    [folder, 10, /is no file$/],
    [join(folder, "link"), 10, /link is a symbolic link, which is not followed here$/],
    [join(path, "below"), 10, /below is no folder, or lies in none$/],
  ];
  for (const [which, most, why] of refusals) await assert.rejects(readPrivateFile(which, most), why);
  await chmod(path, 0o640);
  await assert.rejects(readPrivateFile(path, 10), /secret holds a secret that others may read: chmod 600 it$/);
});

/** Names of the files and folders of which the system is asked that they outlast a loss of power, from now on. */
async function synced(t: TestContext): Promise<string[]> {
  const handle = await open(folder, "r");
  const kind = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const names: string[] = [];
  for (const method of ["sync", "datasync"] as const) {
    const real = kind[method];
    t.mock.method(kind, method, async function (this: FileHandle) {
      names.push(basename(await readlink(`/proc/self/fd/${this.fd}`)));
      return real.call(this);
    });
  }
  return names;
}

test("a key outlasts a loss of power before anything is done with it", async (t) => {
  const state = await mkdtemp(join(folder, "state-"));
  const names = await synced(t);
  const key = await loadKeyFile(state, "own.key");
  assert.deepEqual(await loadKeyFile(state, "own.key"), key);
  assert.match(names.join(), /^own\.key\.[0-9a-f]{16}\.new,keys$/);
  assert.deepEqual(await readdir(join(state, "keys")), ["own.key"]);
});

test("so does each file of a bundle before it stands in the store", async (t) => {
  const names = await synced(t);
  const store = new BundleStore(await mkdtemp(join(folder, "state-")));
  const parts = await readdir(store.directoryOf(await store.add("models/bundle")));
  for (const part of parts)
    assert.ok(
      names.some((name) => name.startsWith(part)),
      `${part} of ${names}`,
    );
  assert.equal(names.at(-1), "models");
});

test("what a killed process had begun to write is removed, and nothing else", async () => {
  const own = await mkdtemp(join(folder, "left-"));
  const hourAgo = Date.now() / 1000 - 3_700;
  for (const name of [
    "head.json.4711.new",
    "own.key.0123456789abcdef.new",
    "gateway.lock.new-0f8f-a",
    "new",
    "news.json",
  ]) {
    await writeFile(join(own, name), "");
    await utimes(join(own, name), hourAgo, hourAgo);
  }
  await mkdir(join(own, ".new-Ab12Cd"));
  await writeFile(join(own, ".new-Ab12Cd", "model.onnx"), "");
  await utimes(join(own, ".new-Ab12Cd"), hourAgo, hourAgo);
  await writeFile(join(own, "head.json.4712.new"), "being written");
  await removeLeftovers([own, join(own, "none")]);
  assert.deepEqual((await readdir(own)).sort(), ["head.json.4712.new", "new", "news.json"]);
});
