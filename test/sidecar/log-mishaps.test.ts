import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { appendFile, open as openFile, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { promisify } from "node:util";
import fc from "fast-check";
import { readTrustedKeys } from "../../scripts/decision-log/public-key.ts";
import { temporaryFolder, until } from "./harness.ts";
import { append, files, open, verify } from "./log-run.ts";

let state = "";
beforeEach(async () => {
  state = await temporaryFolder();
});
afterEach(() => rm(state, { recursive: true, force: true }));

const pathOf = (name: string) => join(state, "log", name);

describe("a clock that is set back", () => {
  test("neither reorders the files nor makes one for each record", async () => {
    let now = new Date("2026-11-22T12:00:00Z");
    const first = await open(state, { now: () => now });
    await append(first, 1, 5);
    now = new Date("1970-01-01T00:00:10Z");
    await append(first, 6, 10);
    await first.log.close();
    const second = await open(state, { now: () => now });
    await append(second, 11, 120);
    now = new Date("2026-11-22T12:10:00Z");
    await append(second, 121, 125);
    await second.log.close();
    const { problem, decisions, first: begin } = await verify(state);
    assert.deepEqual([problem, decisions, begin], [null, 125, 1]);
    assert.ok((await files(state)).length < 15, "files end by size");
    assert.equal((await open(state)).sequences.of("w").last, 125);
  });
});

describe("a loss of power", () => {
  const tails: readonly [what: string, tail: Buffer][] = [
    ["zeros", Buffer.alloc(3000)],
    ["zeros with the end of a line", Buffer.concat([Buffer.alloc(500), Buffer.from('"w"}\n')])],
    ["two lines of rubbish", Buffer.from('{"a":1}\n\xff\xfe\n', "latin1")],
  ];
  for (const [what, tail] of tails) {
    test(`that leaves ${what} at the end has them cut off, and the chain goes on`, async () => {
      const lost = await open(state);
      await append(lost, 1, 3);
      const [name = ""] = await files(state);
      await appendFile(pathOf(name), tail);
      const next = await open(state);
      assert.deepEqual([next.recovered.torn, next.recovered.unsealed], [tail.length, 3]);
      await append(next, 4, 4);
      await next.log.close();
      const { problem, decisions, cutOff } = await verify(state);
      assert.deepEqual([problem, decisions, cutOff], [null, 4, tail.length]);
    });
  }

  test("that leaves much without a line feed is read in the time that its bytes take", async () => {
    const lost = await open(state);
    await append(lost, 1, 3);
    const [name = ""] = await files(state);
    await appendFile(pathOf(name), Buffer.alloc(32 << 20));
    const begunMs = performance.now();
    assert.equal((await open(state)).recovered.torn, 32 << 20);
    assert.ok(performance.now() - begunMs < 5_000, `${performance.now() - begunMs} ms`);
  });

  test("that leaves an empty file stops neither the chain nor the removal of old files", async () => {
    const first = await open(state);
    await append(first, 1, 3);
    await first.log.close();
    const [name = ""] = await files(state);
    await writeFile(pathOf(name.replace("-0001", "-0002")), "");
    const next = await open(state, { retentionBytes: 16_384 });
    await append(next, 4, 200);
    await next.log.close();
    const names = await files(state);
    assert.ok(names.length <= 6 && !names.includes(name), `${names}`);
    assert.equal((await verify(state)).problem, null);
  });

  test("that takes the newest file as a whole has the one before it go on", async () => {
    const first = await open(state);
    await append(first, 1, 3);
    await first.log.close();
    const [name = ""] = await files(state);
    await writeFile(pathOf(name.replace("-0001", "-0002")), Buffer.alloc(4096));
    const next = await open(state);
    assert.equal(next.sequences.of("w").last, 3);
    await append(next, 4, 4);
    await next.log.close();
    const { problem, decisions } = await verify(state);
    assert.deepEqual([problem, decisions], [null, 4]);
  });
});

test("lines that can be read behind one that can't are kept, and verify names the first", async () => {
  const lost = await open(state);
  await append(lost, 1, 6);
  const [name = ""] = await files(state);
  const lines = (await readFile(pathOf(name), "utf8")).split("\n");
  lines[3] = `#${lines[3]?.slice(1)}`;
  await writeFile(pathOf(name), lines.join("\n"));
  const next = await open(state);
  assert.equal(next.recovered.torn, 0);
  await append(next, 7, 7);
  await next.log.close();
  assert.match((await verify(state)).problem ?? "", /line 4 is no line of a decision log$/);
  assert.equal((await readFile(pathOf(name), "utf8")).split("\n").length, lines.length);
});

test("whatever has become of head.json, the chain goes on where it ended", { timeout: 60_000 }, async () => {
  const run = await open(state);
  await append(run, 1, 30);
  await run.log.close();
  const path = pathOf("head.json");
  const sound = await readFile(path, "latin1");
  let last = 30;
  const change = fc.oneof(
    fc.nat({ max: sound.length - 1 }).map((at) => flipped(sound, at)),
    fc.nat({ max: sound.length }).map((length) => sound.slice(0, length)),
    fc.constantFrom(
      sound.replace(/"end":\d+/, '"end":4096'),
      sound.replace(/"end":\d+/, '"end":0'),
      sound.replace(/"workers":\[.*\]/, '"workers":[7]'),
    ),
  );
  await fc.assert(
    fc.asyncProperty(change, async (text) => {
      await writeFile(path, text, "latin1");
      const next = await open(state, { rotationBytes: 1 << 20 });
      assert.equal(next.sequences.of("w").last, last);
      last += 1;
      await append(next, last, last);
      await next.log.close();
      const { problem, decisions } = await verify(state);
      assert.deepEqual([problem, decisions], [null, last]);
    }),
    { numRuns: 40 },
  );
});

describe("files that are removed while the sidecar is not there", () => {
  async function threeRuns(): Promise<string[]> {
    for (let run = 0; run < 3; run += 1) {
      const made = await open(state);
      await append(made, 10 * run + 1, 10 * run + 10);
      await made.log.close();
    }
    return files(state);
  }

  test("the newest one stays missing after the next start, and workers are known", async () => {
    const names = await threeRuns();
    await rm(pathOf(names.at(-1) as string));
    assert.match((await verify(state)).problem ?? "", /was cut short$/);
    const next = await open(state);
    assert.equal(next.sequences.of("w").last, 30);
    await append(next, 31, 32);
    await next.log.close();
    assert.match((await verify(state)).problem ?? "", /lines are missing or were moved$/);
  });

  test("and so do all of them", async () => {
    for (const name of await threeRuns()) await rm(pathOf(name));
    const next = await open(state);
    await append(next, 31, 32);
    await next.log.close();
    assert.match((await verify(state)).problem ?? "", /no line of it says that what was before has been removed$/);
  });

  test("the chain goes on from the last line behind an empty file, also without head.json", async () => {
    const names = await threeRuns();
    await rm(pathOf("head.json"));
    const later = (names.at(-1) as string).replace(/\d{4}\.jsonl$/, "9999.jsonl");
    await writeFile(pathOf(later), "");
    const next = await open(state);
    await append(next, 31, 32);
    await next.log.close();
    const { problem, decisions } = await verify(state);
    assert.deepEqual([problem, decisions], [null, 32]);
  });
});

function flipped(text: string, at: number): string {
  return text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1);
}

test("a file that is taken away while it is written has another one begun, within the time of a head", async () => {
  const run = await open(state, { headMs: 100, rotationBytes: 1 << 20 });
  await append(run, 1, 1);
  const [name = ""] = await files(state);
  await rm(pathOf(name));
  const end = Date.now() + 20_000;
  for (let sequence = 2; (await files(state)).length === 0 && Date.now() < end; sequence += 1) {
    await append(run, sequence, sequence);
    await new Promise((done) => setTimeout(done, 20));
  }
  await append(run, 900, 900);
  await run.log.close();
  const [begun = ""] = await files(state);
  assert.match(await readFile(pathOf(begun), "utf8"), /"id":"id-900"/);
  assert.match((await verify(state)).problem ?? "", /begins with number \d+, and no line of it says/);
});

test("after a write that failed, what follows is signed within the time of a head again", async () => {
  const room = (bytes: string) =>
    promisify(execFile)("prlimit", ["--pid", String(process.pid), `--fsize=${bytes}:unlimited`]);
  const run = await open(state, { headMs: 100, rotationBytes: 1 << 20 });
  await append(run, 1, 1);
  await room("1");
  try {
    await assert.rejects(append(run, 2, 2));
    await new Promise((done) => setTimeout(done, 300));
  } finally {
    await room("unlimited");
  }
  await append(run, 2, 2);
  await until("a head after the last line", async () => (await verify(state)).unsigned === 0);
  const { problem, decisions } = await verify(state);
  assert.deepEqual([problem, decisions], [null, 2]);
  await run.log.close();
});

describe("a signing key that is lost", () => {
  const keyFile = (name: string) => join(state, "keys", name);
  const run = async (first: number, last: number) => {
    const made = await open(state);
    await append(made, first, last);
    await made.log.close();
    return readFile(keyFile("log.pub"), "utf8");
  };
  const loseKey = () => rm(keyFile("log.key"));
  const trusting = async (...pems: string[]) => {
    await writeFile(keyFile("trusted.pem"), pems.join(""));
    return readTrustedKeys(keyFile("trusted.pem"));
  };

  test("stays known: what it signed is checked, and verify says where another one signs from then on", async () => {
    const keys = [await run(1, 30)];
    await loseKey();
    const [last = ""] = (await files(state)).slice(-1);
    keys.push(await run(31, 60));
    await loseKey();
    keys.push(await run(61, 90));
    const [first = ""] = (await files(state)).filter((name) => name > last);
    const { problem, decisions, keyChanges } = await verify(state);
    assert.match(problem ?? "", new RegExp(`^${first} line 1 begins with another signing key`));
    assert.deepEqual([decisions, keyChanges.length, keyChanges[0]?.place], [90, 2, `${first} line 1`]);
    const vouched = await verify(state, await trusting(...keys));
    assert.deepEqual([vouched.problem, vouched.keyChanges], [null, keyChanges]);
  });

  test("gives nobody leave to go on with his own: who knows the former key finds him out", async () => {
    const former = await run(1, 30);
    await loseKey();
    await run(31, 40);
    assert.match((await verify(state, await trusting(former))).problem ?? "", /line 1 names the signing key/);
  });

  test("hides no change of what it signed", async () => {
    const former = await run(1, 30);
    await loseKey();
    const later = await run(31, 40);
    const [name = ""] = await files(state);
    const lines = (await readFile(pathOf(name), "utf8")).split("\n");
    lines[2] = lines[2]?.replace('"v":1', '"v":1,"w":1') ?? "";
    await writeFile(pathOf(name), lines.join("\n"));
    for (const keys of [undefined, await trusting(former, later)]) {
      assert.match((await verify(state, keys)).problem ?? "", new RegExp(`^${name} line 3 `));
    }
  });
});

test("a file that is begun while the log is checked does not make it one that was cut short", async () => {
  const run = await open(state);
  await append(run, 1, 3);
  await rm(pathOf("head.json"));
  await promisify(execFile)("mkfifo", [pathOf("head.json")]);
  const checked = verify(state);
  // Opens once the other end is read from: the newest head is told only when it stands in another file.
  const told = await openFile(pathOf("head.json"), "w");
  await run.log.close();
  await append(run, 4, 6);
  await run.log.close();
  await told.writeFile(await readFile(pathOf("head.json")));
  await told.close();
  assert.equal((await checked).problem, null);
});
