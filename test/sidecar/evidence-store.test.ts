import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { appendFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import fc from "fast-check";
import { EvidenceReader } from "../../inference-sidecar/src/evidence/evidence-reader.ts";
import { EvidenceStore } from "../../inference-sidecar/src/evidence/evidence-store.ts";
import { removeOutdated } from "../../inference-sidecar/src/evidence/segment-files.ts";

const limits = { retentionBytes: 64 * 1024 * 1024, retentionDays: 30 };
/** Written by the release before groups: two items, and two notes on the first. */
const FORMER = {
  names: [
    "f3773c53ec5f816af4e7109dce14c38b16be657f841c4f722dc1705ae6a7bd82",
    "331f251930a8b2f4155d4bba345c40d9724e17f583bff31ee25a462467d492f3",
  ],
  key: "Wpjo6Hbi4K67QbYjjTQ38dqe3avGrAsiTFfYXXTp1Fg=",
  file: [
    "UFNFVgEAAAAoUZmRWfspfP7mJ07W4dcRVFjAFfrbOjvAJp5/MYuB+wAeAAAA83c8U+xfgWr05xCdzhTDixa+ZX+EHE9yLcFwWuanvYK6stYdeZXa",
    "iOgN82OGaR8NflTb8jrNOESqrEm2MjAAHgAAADMfJRkwqLL0FV1LujRcQNlyThf1g7/zHuJaRiRn1JLzfOSXbzxhjayYPlpqJAXzvAFpfk2YIErut/9I",
    "rPxMARUAAADzdzxT7F+BavTnEJ3OFMOLFr5lf4QcT3ItwXBa5qe9gsNWiHI2G0No+qeVliMbg+r3BFwrlAEYAAAA83c8U+xfgWr05xCdzhTDixa+ZX+E",
    "HE9yLcFwWuanvYISWHKxyIc2NT/j0sOFFMEfvJcnJE70XX0=",
  ].join(""),
};
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
      assert.deepEqual(await store.put([Buffer.from("attack at dawn"), Buffer.of()]), [null, null]);
    }
  } finally {
    await room("unlimited");
  }
  assert.deepEqual(await readdir(join(state, "evidence")), []);
  const digest = await put(store, Buffer.from("attack at noon"));
  assert.equal(String(await (await EvidenceReader.open(state)).get(digest)), "attack at noon");
  await store.close();
});

let states = 0;
const newState = () => join(folder, String(++states));

/** Of one decision. */
async function put(store: EvidenceStore, bytes: Uint8Array): Promise<string> {
  const [name = null] = await store.put([bytes]);
  assert.match(name ?? "", /^[0-9a-f]{64}$/);
  return name as string;
}

test("what is put is got again by its name, with its newest note, over restarts, and is nowhere in the clear", async () => {
  const state = newState();
  const stored: [string, Uint8Array][] = [];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 2000 }), { minLength: 1, maxLength: 5 }), async (items) => {
      const store = await EvidenceStore.open(state, limits);
      const [names, more] = await Promise.all([store.put(items), put(store, Buffer.from("of another report"))]);
      for (const [index, bytes] of items.entries()) stored.push([names[index] as string, bytes]);
      stored.push([more, Buffer.from("of another report")]);
      await store.note(names as string[], Buffer.from("first"));
      await store.note([names[0] as string], Buffer.from(`about ${names[0]}`));
      await store.close();
    }),
    { numRuns: 10 },
  );
  const store = await EvidenceStore.open(state, limits);
  const secret = await put(store, Buffer.from("attack at dawn, attack at dawn"));
  assert.notEqual(await put(store, Buffer.from("attack at dawn, attack at dawn")), secret);
  const reader = await EvidenceReader.open(state);
  for (const [digest, bytes] of stored) assert.deepEqual(await reader.get(digest), Buffer.from(bytes));
  const [first] = stored;
  assert.equal(String(await reader.noteOn(first?.[0] as string)), `about ${first?.[0]}`);
  assert.equal(String(await reader.get(secret)), "attack at dawn, attack at dawn");
  for (const unknown of [
    "00".repeat(32),
    `${secret.slice(0, -1)}1`,
    `${secret.slice(0, -1)}x`,
    "",
    "first",
    `${secret}0`,
    5 as never,
  ])
    assert.equal(await reader.get(unknown), null, unknown);
  const directory = join(state, "evidence");
  for (const name of await readdir(directory)) {
    assert.equal((await stat(join(directory, name))).mode & 0o777, 0o600);
    assert.ok(!(await readFile(join(directory, name))).includes("attack"));
  }
  assert.equal((await stat(join(state, "keys", "evidence.key"))).mode & 0o777, 0o600);
  await store.close();
});

async function bytesIn(directory: string): Promise<number> {
  const sizes = (await readdir(directory)).map(async (name) => (await stat(join(directory, name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

test("what comes with one report is sealed together, a megabyte at most, and read at the price of one", async () => {
  const state = newState();
  const store = await EvidenceStore.open(state, limits);
  const items = Array.from({ length: 3_000 }, (_, index) => Buffer.alloc(index % 1_000, index));
  const names = (await store.put(items)) as string[];
  await store.close();
  assert.equal(new Set(names).size, items.length);
  assert.equal(new Set(names.map((name) => name.slice(0, 56))).size, 2);
  const reader = await EvidenceReader.open(state);
  for (const [index, name] of names.entries()) {
    assert.deepEqual(await reader.get(name), items[index]);
    // What it has read of the file it does not read again.
    if (index === 10) await rm(join(state, "evidence"), { recursive: true });
    if (name.slice(0, 56) !== names[index + 1]?.slice(0, 56)) break;
  }
});

test("what can't be sealed is refused, and what comes then is found", async () => {
  const state = newState();
  const store = await EvidenceStore.open(state, limits);
  const before = await put(store, Buffer.from("before"));
  const gone = new Uint8Array(10);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  assert.deepEqual(await store.put([gone]), [null]);
  const then = await put(store, Buffer.from("then"));
  await store.note([before, then], Buffer.from("noted"));
  await store.close();
  const reader = await EvidenceReader.open(state);
  const found = [reader.get(before), reader.get(then), reader.noteOn(before), reader.noteOn(then)];
  assert.deepEqual((await Promise.all(found)).map(String), ["before", "then", "noted", "noted"]);
});

test("a name is bound to what it named: with their heads exchanged two frames give nothing", async () => {
  const state = newState();
  const store = await EvidenceStore.open(state, limits);
  const names = [await put(store, Buffer.from("one")), await put(store, Buffer.from("two"))];
  await store.close();
  const [file = ""] = await readdir(join(state, "evidence"));
  const bytes = await readFile(join(state, "evidence", file));
  const heads = [40, 40 + (bytes.length - 40) / 2].map((at) => Buffer.from(bytes.subarray(at, at + 37)));
  heads[1]?.copy(bytes, 40);
  heads[0]?.copy(bytes, 40 + (bytes.length - 40) / 2);
  await writeFile(join(state, "evidence", file), bytes);
  const reader = await EvidenceReader.open(state);
  assert.deepEqual(await Promise.all(names.map((name) => reader.get(name))), [null, null]);
});

test("a note of more parts than a file takes is written whole before the store is closed", async () => {
  const state = newState();
  const store = await EvidenceStore.open(state, { retentionBytes: 64 * 1024, retentionDays: 30 });
  const name = await put(store, Buffer.from("one"));
  const noting = store.note(Array(40).fill(name), Buffer.alloc(250));
  await store.close();
  const before = await readdir(join(state, "evidence"));
  await noting;
  assert.deepEqual(await readdir(join(state, "evidence")), before);
});

test("what a former release stored, each in a frame of its own, is found", async () => {
  const state = newState();
  await mkdir(join(state, "evidence"), { recursive: true });
  await mkdir(join(state, "keys"));
  await writeFile(join(state, "keys", "evidence.key"), Buffer.from(FORMER.key, "base64"));
  await writeFile(join(state, "evidence", "evidence-2026-11-27-0001.bin"), Buffer.from(FORMER.file, "base64"));
  const reader = await EvidenceReader.open(state);
  const found = await Promise.all(FORMER.names.map(async (name) => String(await reader.get(name))));
  assert.deepEqual(found, ["attack at dawn", "attack at noon"]);
  assert.equal(String(await reader.noteOn(FORMER.names[0] as string)), "by spies");
});

test("a changed, cut or foreign file gives nothing, and never something else", async () => {
  const state = newState();
  const store = await EvidenceStore.open(state, limits);
  const digests = [await put(store, Buffer.from("one")), await put(store, Buffer.from("two"))];
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
  const lost = await put(store, Buffer.from("one"));
  await rm(join(state, "evidence"), { recursive: true });
  const kept = await put(store, Buffer.from("two"));
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
    const names = await store.put(Array.from({ length: count }, () => Buffer.alloc(size)));
    const bytes = await bytesIn(directory);
    assert.ok(bytes <= retentionBytes, `${bytes} bytes`);
    const reader = await EvidenceReader.open(state);
    assert.deepEqual(await reader.get(names.at(-1) as string), Buffer.alloc(size), "the newest is there");
  }
  const last = await store.put([Buffer.alloc(10), Buffer.alloc(retentionBytes), Buffer.alloc(10)]);
  assert.deepEqual(
    last.map((name) => name === null),
    [false, true, false],
    "what is too large is left out alone",
  );
  // More than a file takes, each: whose names there are by then is the reader's concern.
  await store.note(
    Array.from({ length: 100 }, () => last[2] as string),
    Buffer.alloc(3_000),
  );
  assert.ok((await bytesIn(directory)) <= retentionBytes);
  await assert.rejects(store.note([last[2] as string], Buffer.alloc(retentionBytes)), /too large/);
  await store.close();
});

test("the oldest goes when there is too much or it is too old; what is too large is refused", async () => {
  const state = newState();
  const store = await EvidenceStore.open(state, { retentionBytes: 64 * 1024, retentionDays: 30 });
  const digests: string[] = [];
  for (let i = 0; i < 60; i++) digests.push(await put(store, Buffer.alloc(2000, i)));
  assert.deepEqual(await store.put([Buffer.alloc(1024 * 1024 + 1)]), [null]);
  await store.close();
  const directory = join(state, "evidence");
  assert.ok((await bytesIn(directory)) <= 64 * 1024);
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
  await put(before, Buffer.from("made first"));
  await before.close();
  const [old = ""] = await readdir(directory);
  await rename(join(directory, old), join(directory, "evidence-2999-12-31-0007.bin"));
  const store = await EvidenceStore.open(state, limits);
  const digest = await put(store, Buffer.from("made then"));
  await store.close();
  assert.deepEqual((await readdir(directory)).sort(), ["evidence-2999-12-31-0007.bin", "evidence-2999-12-31-0008.bin"]);
  await removeOutdated(directory, { ...limits, retentionBytes: 150 }, new Date());
  assert.equal(String(await (await EvidenceReader.open(state)).get(digest)), "made then");
});
