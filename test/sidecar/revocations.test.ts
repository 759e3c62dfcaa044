import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Revocations } from "../../inference-sidecar/src/revocation/revocations.ts";
import { eventually } from "../harness/eventually.ts";

/** What the filter takes; each entry has 20 bytes. */
const MOST = 10_000;

test("a file that would be too much beside what operators have revoked since is refused, and the last list stays", async () => {
  const folder = await mkdtemp(join(tmpdir(), "revocations-"));
  const file = join(folder, "revoked.json");
  const list = (count: number) =>
    writeFile(
      file,
      JSON.stringify({ revocations: Array.from({ length: count }, (_, index) => ({ jti: `${index}` })) }),
    );
  const sizes: number[] = [];
  const table = { get: () => undefined, put: async () => undefined };
  const revocations = new Revocations(table, async ({ entries }) => void sizes.push(entries.length / 20));
  try {
    await list(1);
    await revocations.follow({ policy: { revocation: { file } } } as never);
    await revocations.add({ sub: "ada" });
    await list(MOST - 1);
    await eventually(
      () => sizes.at(-1),
      (size) => size === MOST,
    );
    await list(MOST);
    await sleep(1_500);
    await assert.rejects(revocations.add({ sub: "ben" }), /10000 revocations already, the most/);
    await list(MOST - 2);
    await eventually(
      () => sizes.at(-1),
      (size) => size === MOST - 1,
    );
    assert.ok(Math.max(...sizes) <= MOST, `${Math.max(...sizes)}`);
  } finally {
    await revocations.close();
    await rm(folder, { recursive: true, force: true });
  }
});

test("one that is revoked while a full file is read: the file is refused, and no worker is given too many", async () => {
  const folder = await mkdtemp(join(tmpdir(), "revocations-"));
  const file = join(folder, "revoked.json");
  const sizes: number[] = [];
  const table = { get: () => undefined, put: async () => undefined };
  const revocations = new Revocations(table, async ({ entries }) => void sizes.push(entries.length / 20));
  try {
    const full = Array.from({ length: MOST }, (_, index) => ({ jti: `${index}` }));
    await writeFile(file, JSON.stringify({ revocations: full }));
    const followed = revocations.follow({ policy: { revocation: { file } } } as never);
    // The file is being opened now.
    await new Promise(process.nextTick);
    await revocations.add({ sub: "ada" });
    await followed;
    assert.equal(sizes.at(-1), 1);
    assert.ok(Math.max(...sizes) <= MOST, `${Math.max(...sizes)}`);
  } finally {
    await revocations.close();
    await rm(folder, { recursive: true, force: true });
  }
});

test("a file begins with a byte order mark as it likes; one that is no UTF-8, or no file, is refused, and nobody waits", async () => {
  const folder = await mkdtemp(join(tmpdir(), "revocations-"));
  const sizes: number[] = [];
  const table = { get: () => undefined, put: async () => undefined };
  const revocations = new Revocations(table, async ({ entries }) => void sizes.push(entries.length / 20));
  const follow = (name: string) =>
    revocations.follow({ policy: { revocation: { file: join(folder, name) } } } as never);
  const list = JSON.stringify({ revocations: [{ sub: "josé" }] });
  try {
    await writeFile(join(folder, "marked.json"), `\uFEFF${list}`);
    await writeFile(join(folder, "latin1.json"), list, "latin1");
    await promisify(execFile)("mkfifo", [join(folder, "pipe.json")]);
    for (const [name, size] of [
      ["marked.json", 1],
      ["latin1.json", 0],
      ["pipe.json", 0],
    ] as const) {
      await follow(name);
      assert.equal(sizes.at(-1), size, name);
    }
  } finally {
    await revocations.close();
    await rm(folder, { recursive: true, force: true });
  }
});

test("a file of 1970, or of before, is an old one: 0 would say that there is none", async () => {
  const folder = await mkdtemp(join(tmpdir(), "revocations-"));
  const file = join(folder, "revoked.json");
  const written: number[] = [];
  const table = { get: () => undefined, put: async () => undefined };
  const revocations = new Revocations(table, async ({ writtenUnixMs }) => void written.push(writtenUnixMs));
  try {
    await writeFile(file, '{"revocations":[]}');
    for (const time of ["1970-01-01T00:00:00Z", "1969-12-31T00:00:00Z"].map((text) => new Date(text))) {
      await utimes(file, time, time);
      await revocations.follow({ policy: { revocation: { file } } } as never);
      assert.equal(written.at(-1), 1, `${time.toISOString()}`);
      await revocations.close();
    }
  } finally {
    await revocations.close();
    await rm(folder, { recursive: true, force: true });
  }
});

test("a changed file that can't be handed on now is handed on later", async () => {
  const folder = await mkdtemp(join(tmpdir(), "revocations-"));
  const file = join(folder, "revoked.json");
  let isFull = false;
  let tries = 0;
  const sizes: number[] = [];
  const table = { get: () => undefined, put: async () => undefined };
  const revocations = new Revocations(table, async ({ entries }) => {
    if (isFull) {
      tries += 1;
      throw new Error("ENOSPC: no space left on device, write");
    }
    sizes.push(entries.length / 20);
  });
  try {
    await writeFile(file, '{"revocations":[]}');
    await revocations.follow({ policy: { revocation: { file } } } as never);
    isFull = true;
    await writeFile(file, '{"revocations":[{"jti":"a"}]}');
    await eventually(
      () => tries,
      (count) => count > 1,
    );
    isFull = false;
    await eventually(
      () => sizes.at(-1),
      (size) => size === 1,
    );
  } finally {
    await revocations.close();
    await rm(folder, { recursive: true, force: true });
  }
});

test("what the store does not take is not revoked, nor undone, and is told so", async () => {
  let isFull = true;
  const sizes: number[] = [];
  const put = async () => {
    if (isFull) throw new Error("ENOSPC: no space left on device");
  };
  const revocations = new Revocations({ get: () => undefined, put }, async ({ entries }) => {
    sizes.push(entries.length / 20);
  });
  await assert.rejects(revocations.add({ sub: "ada" }), /ENOSPC/);
  assert.deepEqual(revocations.list(), []);
  await revocations.follow({ policy: { revocation: null } } as never);
  assert.equal(sizes.at(-1), 0);
  isFull = false;
  const { id } = await revocations.add({ sub: "ada" });
  isFull = true;
  await assert.rejects(revocations.undo(id), /ENOSPC/);
  assert.equal(revocations.list().length, 1);
  await revocations.follow({ policy: { revocation: null } } as never);
  assert.equal(sizes.at(-1), 1);
});

test("what the store did not take is taken from the workers too, where another change has told them of it", async () => {
  const sizes: number[] = [];
  const table = {
    get: () => undefined,
    put: async () => {
      await revocations.follow({ policy: { revocation: null } } as never);
      throw new Error("the disk is full");
    },
  };
  const revocations: Revocations = new Revocations(table, async ({ entries }) => void sizes.push(entries.length / 20));
  await assert.rejects(revocations.add({ sub: "ada" }), /disk is full/);
  assert.deepEqual(sizes, [1, 0]);
});
