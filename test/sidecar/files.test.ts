import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { writeDurably } from "../../inference-sidecar/src/durable-file.ts";
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
