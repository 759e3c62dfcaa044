import assert from "node:assert/strict";
import { appendFile, cp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { canonical, GENESIS } from "../../inference-sidecar/src/decision-log/chain.ts";
import { LineBytes } from "../../inference-sidecar/src/decision-log/line-bytes.ts";
import { StandingLine } from "../../inference-sidecar/src/decision-log/standing-line.ts";
import { readStateKeys } from "../../scripts/decision-log/public-key.ts";
import { eventually } from "../harness/eventually.ts";
import { temporaryFolder } from "./harness.ts";
import { append, copyOf, files, limits, open, verify } from "./log-run.ts";

let whole = "";
before(async () => {
  whole = await temporaryFolder();
  const first = await open(whole);
  await append(first, 1, 60);
  await first.log.close();
  const second = await open(whole);
  await append(second, 61, 100);
  await second.log.close();
});
after(() => rm(whole, { recursive: true }));

test("a log of many files and two runs is whole; a head ends each file", async () => {
  const report = await verify(whole);
  const names = await files(whole);
  assert.equal(report.problem, null);
  assert.ok(names.length > 4, `${names}`);
  assert.deepEqual([report.first, report.decisions, report.unsigned, report.unsealed], [1, 100, 0, 0]);
  assert.equal(report.heads, 1 + names.length);
  assert.equal(report.last, 101 + 2 * names.length, "an `open` line and a head for each file, and the first head");
  for (const name of names) assert.ok((await stat(join(whole, "log", name))).size <= limits.rotationBytes, name);
});

test("whatever is changed, cut, moved, doubled or taken away is found, and the first bad line is named", async () => {
  const names = await files(whole);
  const texts = await Promise.all(names.map((name) => readFile(join(whole, "log", name), "latin1")));
  const position = fc.nat({ max: 1 << 30 });
  const change = fc.constantFrom("flip", "cut", "remove", "swap", "double", "insert");
  await fc.assert(
    fc.asyncProperty(position, position, change, async (which, where, what) => {
      const state = await copyOf(whole);
      try {
        const index = which % names.length;
        const name = names[index] as string;
        const text = texts[index] as string;
        const lines = text.split("\n").slice(0, -1);
        const at = where % lines.length;
        const [line, next] = [lines[at] as string, lines[at + 1]];
        let expected = at + 1;
        let changed = text;
        if (what === "flip") {
          const byte = where % text.length;
          changed = text.slice(0, byte) + String.fromCharCode(text.charCodeAt(byte) ^ 1) + text.slice(byte + 1);
          expected = text.slice(0, byte).split("\n").length;
        } else if (what === "cut") changed = text.slice(0, where % text.length);
        else if (what === "remove") lines.splice(at, 1);
        else if (what === "swap" && next !== undefined) lines.splice(at, 2, next, line);
        else if (what === "double") lines.splice(at, 0, line);
        else lines.splice(at, 0, line.replace(/"prev":"[0-9a-f]+"/, `"prev":"${"0".repeat(64)}"`));
        if (changed === text) changed = `${lines.join("\n")}\n`;
        if (changed === text) return;
        await writeFile(join(state, "log", name), changed, "latin1");
        const { problem } = await verify(state);
        assert.ok(problem !== null, `${what} ${name} line ${at + 1}`);
        // Another number in the first line of all is still one with which a log can begin.
        const place = index === 0 && expected === 1 ? "1 |2 has number" : `${expected} `;
        if (what === "flip") assert.match(problem, new RegExp(`^${name} line (${place})`));
      } finally {
        await rm(state, { recursive: true });
      }
    }),
    { numRuns: 150 },
  );
});

test("a log that is taken away from its beginning, its middle or its end is found out", async () => {
  const names = await files(whole);
  const cases: [index: number, problem: RegExp][] = [
    [0, /begins with number \d+, and no line of it says/],
    [2, /line 1 has number \d+ where \d+ was expected: lines are missing/],
    [names.length - 1, /the log ends with number \d+, the newest head in head\.json has \d+: it was cut short/],
  ];
  for (const [index, problem] of cases) {
    const state = await copyOf(whole);
    await rm(join(state, "log", names[index] as string));
    assert.match((await verify(state)).problem ?? "", problem);
    await rm(state, { recursive: true });
  }
  const state = await copyOf(whole);
  await rm(join(state, "log", "head.json"));
  assert.match((await verify(state)).problem ?? "", /head\.json is missing/);
  await rm(state, { recursive: true });
});

test("a file of another name among those of the log is named: nothing holds its lines", async () => {
  const state = await copyOf(whole);
  const [first = ""] = await files(whole);
  const copy = first.replace(".jsonl", "-copy.jsonl");
  await cp(join(state, "log", first), join(state, "log", copy));
  assert.match((await verify(state)).problem ?? "", new RegExp(`^${copy} is no file of the log`));
  await rm(state, { recursive: true });
});

test("a log that was written anew without any signature does not pass for whole", async (t) => {
  const state = await temporaryFolder();
  t.after(() => rm(state, { recursive: true }));
  const forged = await open(state, { signed: true });
  await append(forged, 1, 5);
  const { problem, unsigned } = await verify(state);
  assert.match(problem ?? "", /^no head signs any line/);
  assert.equal(unsigned, 6);
});

test("a log is whole at whatever moment it is read, from its first line on", async (t) => {
  for (let round = 0; round < 20; round += 1) {
    const state = await temporaryFolder();
    t.after(() => rm(state, { recursive: true }));
    const begun = await open(state);
    const written = append(begun, 1, 5);
    let reading = true;
    const done = written.finally(() => {
      reading = false;
    });
    while (reading) assert.equal((await verify(state)).problem, null);
    await done;
    assert.deepEqual([(await verify(state)).problem, (await verify(state)).decisions], [null, 5]);
  }
});

test("a line whose end is damaged is named although nothing follows it", async () => {
  const state = await copyOf(whole);
  const name = (await files(whole)).at(-1) as string;
  const path = join(state, "log", name);
  const text = await readFile(path, "latin1");
  await writeFile(path, `${text.slice(0, -1)}\v`, "latin1");
  const last = text.split("\n").length - 1;
  assert.match((await verify(state)).problem ?? "", new RegExp(`^${name} line ${last} is cut off: the log ends with`));
  await rm(state, { recursive: true });
});

test("a log that somebody else wrote anew and signed with another key does not pass for ours", async (t) => {
  const state = await temporaryFolder();
  t.after(() => rm(state, { recursive: true }));
  const forged = await open(state);
  await append(forged, 1, 5);
  await forged.log.close();
  assert.equal((await verify(state)).problem, null);
  assert.match(
    (await verify(state, await readStateKeys(whole))).problem ?? "",
    /line 1 names the signing key [0-9a-f]{64}/,
  );
});

test("a run that was killed leaves its lines in the chain; what was torn is cut off, said, and never counted", async (t) => {
  const state = await temporaryFolder();
  t.after(() => rm(state, { recursive: true }));
  const killed = await open(state);
  await append(killed, 1, 3);
  const [name] = await files(state);
  await appendFile(join(state, "log", name as string), '{"id":"torn');
  const before = await verify(state);
  assert.deepEqual([before.problem, before.decisions, before.torn, before.unsigned], [null, 3, 11, 3]);
  const next = await open(state);
  assert.deepEqual([next.recovered.unsealed, next.recovered.torn], [3, 11]);
  assert.equal(next.sequences.of("w").last, 3);
  await append(next, 4, 4);
  await next.log.close();
  const report = await verify(state);
  assert.deepEqual([report.problem, report.decisions, report.torn, report.unsealed], [null, 4, 0, 3]);
});

test("progress is taken up from the newest head and what follows it, however long a worker was silent", async (t) => {
  const state = await temporaryFolder();
  t.after(() => rm(state, { recursive: true }));
  const first = await open(state);
  await first.log.append([{ id: "a", worker: "quiet", sequence: 7 }], () =>
    first.sequences.set("quiet", { last: 7, lost: 2 }),
  );
  await append(first, 1, 80);
  await first.log.close();
  const second = await open(state);
  await append(second, 81, 82);
  const gap = { gap: { worker: "w", first: 83, last: 90, lost: 5 } };
  await second.log.append([gap, { id: "b", worker: "w", sequence: 91 }], () => undefined);
  const third = await open(state);
  assert.deepEqual(third.sequences.of("quiet"), { last: 7, lost: 2 });
  assert.deepEqual(third.sequences.of("w"), { last: 91, lost: 5 });
  await rm(join(state, "log", "head.json"));
  const headless = await open(state);
  assert.deepEqual(headless.sequences.of("w"), { last: 91, lost: 5 });
  assert.deepEqual(headless.recovered.end, third.recovered.end);
  assert.notDeepEqual(headless.recovered.end, GENESIS);
});

test("who lived when a run ended is known to the next: by the newest head, and by what follows it", async (t) => {
  const state = await temporaryFolder();
  t.after(() => rm(state, { recursive: true }));
  const first = await open(state);
  for (const worker of ["quiet", "gone"]) first.sequences.living.add(worker);
  await append(first, 1, 2);
  await first.log.close();
  const second = await open(state);
  assert.deepEqual([...second.sequences.living], ["quiet", "gone"]);
  await append(second, 3, 3);
  await second.log.append([{ ended: { worker: "gone", last: 7 } }], () => undefined);
  assert.deepEqual([...(await open(state)).sequences.living], ["quiet", "w"]);
});

test("where all files may have no more than one, the next start leaves what there is", async (t) => {
  const state = await temporaryFolder();
  t.after(() => rm(state, { recursive: true }));
  const bytes = { rotationBytes: 1 << 16, retentionBytes: 1 << 16 };
  const first = await open(state, bytes);
  await append(first, 1, 10);
  await first.log.close();
  const kept = await files(state);
  const second = await open(state, bytes);
  await append(second, 11, 11);
  await second.log.close();
  assert.deepEqual((await files(state)).slice(0, -1), kept);
});

test("the oldest files go when all are too large or too old, and the chain says so", async (t) => {
  const state = await temporaryFolder();
  t.after(() => rm(state, { recursive: true }));
  let now = new Date("2026-11-01T12:00:00Z");
  const log = await open(state, { retentionBytes: 16_384, retentionDays: 10, now: () => now });
  for (let sequence = 1; sequence <= 200; sequence += 1) {
    await append(log, sequence, sequence);
    const sizes = await Promise.all(
      (await files(state)).map(async (name) => (await stat(join(state, "log", name))).size),
    );
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    assert.ok(bytes <= 16_384, `${bytes} bytes at ${sequence}`);
  }
  const kept = await files(state);
  assert.ok(kept.length <= 6 && !kept.includes("decisions-2026-11-01-0001.jsonl"), `${kept}`);
  const middle = await verify(state);
  assert.equal(middle.problem, null);
  assert.ok(middle.first > 1);
  now = new Date("2026-11-12T00:00:01Z");
  await append(log, 201, 201);
  await log.log.close();
  assert.deepEqual(await files(state), ["decisions-2026-11-12-0001.jsonl"]);
  assert.equal((await verify(state)).problem, null);
});

test("a head is signed within its time, without another record", async (t) => {
  const state = await temporaryFolder();
  t.after(() => rm(state, { recursive: true }));
  const log = await open(state, { headMs: 100 });
  await append(log, 1, 1);
  const { problem, unsigned } = await eventually(
    () => verify(state),
    ({ heads }) => heads === 2,
  );
  assert.deepEqual([problem, unsigned], [null, 0]);
  await log.log.close();
});

test("a new day begins a new file, and numbers go on where they stood", async (t) => {
  const state = await temporaryFolder();
  t.after(() => rm(state, { recursive: true }));
  let now = new Date("2026-11-22T23:59:59Z");
  for (let run = 1; run <= 9; run += 1) {
    const made = await open(state, { now: () => now });
    await append(made, run, run);
    await made.log.close();
  }
  const next = await open(state, { now: () => now });
  await append(next, 10, 10);
  now = new Date("2026-11-23T00:00:00Z");
  await append(next, 11, 11);
  await next.log.close();
  assert.deepEqual((await files(state)).slice(-3), [
    "decisions-2026-11-22-0009.jsonl",
    "decisions-2026-11-22-0010.jsonl",
    "decisions-2026-11-23-0001.jsonl",
  ]);
  assert.equal((await verify(state)).problem, null);
});

test("what is declared stands as canonical JSON, whatever its members are, with the link of each place", () => {
  const hash = fc.stringMatching(/^[0-9a-f]{64}$/);
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(), hash, hash, (record, n, first, second) => {
      const standing = new StandingLine(record);
      for (const link of [
        { n, prev: first },
        { n: n + 1, prev: second },
      ]) {
        const out = new LineBytes(16);
        standing.write(out, link);
        assert.equal(out.from(0).toString(), canonical({ ...record, ...link }));
      }
    }),
  );
});

test("what is declared begins each file from then on, also where it could not be written at first", async () => {
  const state = await temporaryFolder();
  try {
    const run = await open(state);
    await append(run, 1, 2);
    await run.log.declare({ v: 1, configuration: { digest: "one" } });
    await append(run, 3, 60);
    await run.log.declare({ v: 1, configuration: { digest: "two" } });
    await append(run, 61, 110);
    await run.log.close();
    const declared: string[][] = [];
    for (const name of await files(state)) {
      const lines = (await readFile(join(state, "log", name), "utf8")).trimEnd().split("\n");
      declared.push(lines.flatMap((line) => JSON.parse(line).configuration?.digest ?? []));
    }
    assert.ok(declared.length > 4, `${declared.length} files`);
    assert.deepEqual(declared[0], ["one"]);
    assert.ok(declared.slice(1, -1).every((digests) => digests.length > 0));
    assert.deepEqual(declared.at(-1), ["two"]);
    assert.equal((await verify(state)).problem, null);

    const broken = await open(state);
    await rename(join(state, "log"), join(state, "away"));
    await assert.rejects(broken.log.declare({ v: 1, configuration: { digest: "three" } }));
    await rename(join(state, "away"), join(state, "log"));
    await append(broken, 111, 111);
    await broken.log.close();
    const last = (await files(state)).at(-1) ?? "";
    assert.match(await readFile(join(state, "log", last), "utf8"), /"digest":"three"/);
    assert.equal((await verify(state)).problem, null);
  } finally {
    await rm(state, { recursive: true });
  }
});
