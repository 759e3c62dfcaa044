import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { appendFile, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import fc from "fast-check";
import { EvidenceReader } from "../../inference-sidecar/src/evidence/evidence-reader.ts";
import { EvidenceStore } from "../../inference-sidecar/src/evidence/evidence-store.ts";
import { removeOutdated } from "../../inference-sidecar/src/evidence/segment-files.ts";

const limits = { retentionBytes: 64 * 1024 * 1024, retentionDays: 30 };
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "evidence-"));
});
after(() => rm(folder, { recursive: true, force: true }));

const room = (bytes: string) =>
  promisify(execFile)("prlimit", ["--pid", String(process.pid), `--fsize=${bytes}:unlimited`]);

test("a disk that stays full gathers no files, and with room again evidence is kept", async () => {
  const state = newState();
  const store = await EvidenceStore.open(state, limits);
  try {
    // With room for nothing, and for what begins a file.
    for (const bytes of ["1", "1", "50", "50"]) {
      await room(bytes);
      await assert.rejects(store.put(Buffer.from("attack at dawn")));
    }
  } finally {
    await room("unlimited");
  }
  assert.deepEqual(await readdir(join(state, "evidence")), []);
  const digest = await store.put(Buffer.from("attack at noon"));
  assert.equal(String(await (await EvidenceReader.open(state)).get(digest)), "attack at noon");
  await store.close();
});

let states = 0;
const newState = () => join(folder, String(++states));

test("what is put is got again by its name, with its newest note, over restarts, and is nowhere in the clear", async () => {
  const state = newState();
  const stored: [string, Uint8Array][] = [];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 2000 }), { minLength: 1, maxLength: 5 }), async (items) => {
      const store = await EvidenceStore.open(state, limits);
      const digests = await Promise.all(items.map((bytes) => store.put(bytes)));
      for (const [index, bytes] of items.entries()) stored.push([digests[index] as string, bytes]);
      await store.note(digests[0] as string, Buffer.from("first"));
      await store.note(digests[0] as string, Buffer.from(`about ${digests[0]}`));
      await store.close();
    }),
    { numRuns: 10 },
  );
  const store = await EvidenceStore.open(state, limits);
  const secret = await store.put(Buffer.from("attack at dawn, attack at dawn"));
  assert.notEqual(await store.put(Buffer.from("attack at dawn, attack at dawn")), secret);
  const reader = await EvidenceReader.open(state);
  for (const [digest, bytes] of stored) assert.deepEqual(await reader.get(digest), Buffer.from(bytes));
  const [first] = stored;
  assert.equal(String(await reader.noteOn(first?.[0] as string)), `about ${first?.[0]}`);
  assert.equal(String(await reader.get(secret)), "attack at dawn, attack at dawn");
  assert.equal(await reader.get("00".repeat(32)), null);
  const directory = join(state, "evidence");
  for (const name of await readdir(directory)) {
    assert.equal((await stat(join(directory, name))).mode & 0o777, 0o600);
    assert.ok(!(await readFile(join(directory, name))).includes("attack"));
  }
  assert.equal((await stat(join(state, "keys", "evidence.key"))).mode & 0o777, 0o600);
  await store.close();
});

test("a changed, cut or foreign file gives nothing, and never something else", async () => {
  const state = newState();
  const store = await EvidenceStore.open(state, limits);
  const digests = [await store.put(Buffer.from("one")), await store.put(Buffer.from("two"))];
  await store.close();
  const [name = ""] = await readdir(join(state, "evidence"));
  const file = join(state, "evidence", name);
  const whole = await readFile(file);
  const got = async () => {
    const reader = await EvidenceReader.open(state);
    return Promise.all(digests.map(async (digest) => (await reader.get(digest))?.toString() ?? null));
  };
  await fc.assert(
    fc.asyncProperty(
      fc.nat(whole.length - 1),
      fc.integer({ min: 1, max: 255 }),
      fc.boolean(),
      async (at, flip, cut) => {
        const changed = cut ? whole.subarray(0, at) : Buffer.from(whole);
        if (!cut) changed[at] = (changed[at] as number) ^ flip;
        await writeFile(file, changed);
        const [one = null, two = null] = await got();
        assert.ok((one === null || one === "one") && (two === null || two === "two"), `${one} ${two}`);
        assert.ok(one === null || two === null || at === 6 || at === 7, `byte ${at}`);
      },
    ),
    { numRuns: 60 },
  );
  await writeFile(file, whole);
  await appendFile(file, "torn");
  assert.deepEqual(await got(), ["one", "two"]);
  await writeFile(join(state, "keys", "evidence.key"), Buffer.alloc(32));
  assert.deepEqual(await got(), [null, null]);
  await rm(join(state, "evidence"), { recursive: true });
  assert.deepEqual(await got(), [null, null]);
});

test("a store that is deleted while it is written to begins anew", async () => {
  const state = newState();
  const store = await EvidenceStore.open(state, limits);
  const lost = await store.put(Buffer.from("one"));
  await rm(join(state, "evidence"), { recursive: true });
  const kept = await store.put(Buffer.from("two"));
  await store.close();
  const reader = await EvidenceReader.open(state);
  assert.deepEqual([await reader.get(lost), String(await reader.get(kept))], [null, "two"]);
});

test("never more than the limit lies there, however much comes at the same time", async () => {
  const state = newState();
  const retentionBytes = 64 * 1024;
  const store = await EvidenceStore.open(state, { retentionBytes, retentionDays: 30 });
  const directory = join(state, "evidence");
  for (const [count, size] of [
    [300, 2000],
    [3, 60_000],
    [50, 10],
  ] as const) {
    const digests = await Promise.all(Array.from({ length: count }, () => store.put(Buffer.alloc(size))));
    const files = (await readdir(directory)).map((name) => stat(join(directory, name)));
    const bytes = (await Promise.all(files)).reduce((sum, file) => sum + file.size, 0);
    assert.ok(bytes <= retentionBytes, `${bytes} bytes`);
    const reader = await EvidenceReader.open(state);
    assert.deepEqual(await reader.get(digests.at(-1) as string), Buffer.alloc(size), "the newest is there");
  }
  await assert.rejects(store.put(Buffer.alloc(retentionBytes)), /too large/);
  await store.close();
});

test("the oldest goes when there is too much or it is too old; what is too large is refused", async () => {
  const state = newState();
  const store = await EvidenceStore.open(state, { retentionBytes: 64 * 1024, retentionDays: 30 });
  const digests: string[] = [];
  for (let i = 0; i < 60; i++) digests.push(await store.put(Buffer.alloc(2000, i)));
  await assert.rejects(store.put(Buffer.alloc(1024 * 1024 + 1)), /too large/);
  await store.close();
  const directory = join(state, "evidence");
  const sizes = await Promise.all(
    (await readdir(directory)).map(async (name) => (await stat(join(directory, name))).size),
  );
  assert.ok(sizes.reduce((sum, size) => sum + size, 0) <= 64 * 1024, String(sizes));
  const reader = await EvidenceReader.open(state);
  assert.equal(await reader.get(digests[0] as string), null);
  assert.deepEqual(await reader.get(digests[59] as string), Buffer.alloc(2000, 59));
  await removeOutdated(directory, { ...limits, retentionDays: 1 }, new Date(Date.now() + 5 * 86_400_000));
  assert.deepEqual(await readdir(directory), []);
});

test("where a clock was set back, a new file is still the newest, and not the first to go", async () => {
  const state = newState();
  const directory = join(state, "evidence");
  const before = await EvidenceStore.open(state, limits);
  await before.put(Buffer.from("made first"));
  await before.close();
  const [old = ""] = await readdir(directory);
  await rename(join(directory, old), join(directory, "evidence-2999-12-31-0007.bin"));
  const store = await EvidenceStore.open(state, limits);
  const digest = await store.put(Buffer.from("made then"));
  await store.close();
  assert.deepEqual((await readdir(directory)).sort(), ["evidence-2999-12-31-0007.bin", "evidence-2999-12-31-0008.bin"]);
  await removeOutdated(directory, { ...limits, retentionBytes: 150 }, new Date());
  assert.equal(String(await (await EvidenceReader.open(state)).get(digest)), "made then");
});
