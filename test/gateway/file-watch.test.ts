import assert from "node:assert/strict";
import fs from "node:fs";
import { chmod, mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, mock, test } from "node:test";
import { FileWatch } from "../../inference-sidecar/src/file-watch.ts";
import { eventually } from "../harness/eventually.ts";

let folder = "";
let file = "";
let changes = 0;
let watch: FileWatch;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "watch-"));
});
after(() => rm(folder, { recursive: true, force: true }));

beforeEach(async () => {
  file = join(folder, "policy.yaml");
  await writeFile(file, "one");
  changes = 0;
  watch = new FileWatch(async () => {
    changes += 1;
  });
  watch.watch([file]);
  // The first look finds whatever changed before the watch began.
  await changed(1);
});
afterEach(() => watch.close());

function changed(count: number): Promise<number> {
  return eventually(
    () => changes,
    (seen) => seen >= count,
  );
}

test("a file that is written, replaced by renaming, removed and made again is seen each time", async () => {
  await writeFile(file, "two");
  await changed(2);
  await writeFile(join(folder, "new"), "three");
  await rename(join(folder, "new"), file);
  await changed(3);
  await rm(file);
  await changed(4);
  await writeFile(file, "four");
  await changed(5);
});

test("so is one that is opened to this user, or written with the time that it had", async () => {
  await chmod(file, 0o600);
  await changed(2);
  const time = new Date(0);
  await utimes(file, time, time);
  await changed(3);
  await writeFile(file, "two");
  await utimes(file, time, time);
  await changed(4);
});

test("where the system has no watcher left, the clock looks all the same", async () => {
  const none = mock.method(fs, "watch", () => {
    throw Object.assign(new Error("ENOSPC: System limit for number of file watchers reached"), { code: "ENOSPC" });
  });
  syncBuiltinESMExports();
  let seen = 0;
  const blind = new FileWatch(async () => {
    seen += 1;
  });
  try {
    blind.watch([file]);
    await eventually(
      () => seen,
      (count) => count === 1,
    );
    await writeFile(file, "two");
    await eventually(
      () => seen,
      (count) => count === 2,
    );
  } finally {
    await blind.close();
    none.mock.restore();
    syncBuiltinESMExports();
  }
});

test("a folder in whose place another is put is followed, and so is one behind a link", {
  timeout: 30_000,
}, async () => {
  const write = async (name: string, text: string) => {
    await mkdir(join(folder, name), { recursive: true });
    await writeFile(join(folder, name, "policy.yaml"), text);
  };
  await write("conf", "one");
  await write("next", "two");
  await symlink("conf", join(folder, "current"));
  watch.watch([join(folder, "conf", "policy.yaml"), join(folder, "current", "policy.yaml")]);
  await changed(2);
  await rename(join(folder, "conf"), join(folder, "old"));
  await rename(join(folder, "next"), join(folder, "conf"));
  await changed(3);
  const swapped = changes;
  await write("conf", "three");
  await changed(swapped + 1);
  const before = changes;
  await write("release", "four");
  await rm(join(folder, "current"));
  await symlink("release", join(folder, "current"));
  await changed(before + 1);
  const linked = changes;
  await write("release", "five");
  await changed(linked + 1);
});

test("a folder that a link is switched to, as a mounted ConfigMap does it, is seen", async () => {
  for (const name of ["a", "b"]) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, "policy.yaml"), name);
  }
  await symlink("a", join(folder, "data"));
  const link = join(folder, "linked.yaml");
  await symlink(join("data", "policy.yaml"), link);
  watch.watch([link]);
  await changed(2);
  await symlink("b", join(folder, "data.new"));
  await rename(join(folder, "data.new"), join(folder, "data"));
  await changed(3);
});

test("another file of the folder is nobody's business", async () => {
  await writeFile(join(folder, "notes.txt"), "x");
  await writeFile(file, "changed after the notes");
  await changed(2);
  await writeFile(join(folder, "notes.txt"), "y");
  await watch.close();
  assert.equal(changes, 2);
});

test("what fails is done again, though no file changes any more", async () => {
  let failures = 2;
  let calls = 0;
  const failing = new FileWatch(async () => {
    calls += 1;
    if (failures-- > 0) throw new Error("ENOSPC: no space left on device");
  });
  failing.watch([file]);
  try {
    await eventually(
      () => calls,
      (seen) => seen === 3,
    );
  } finally {
    await failing.close();
  }
});
