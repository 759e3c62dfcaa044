import assert from "node:assert/strict";
import { appendFile, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { canonical, hashOf } from "../../inference-sidecar/src/decision-log/chain.ts";
import { temporaryFolder } from "./harness.ts";
import { append, copyOf, files, open, verify } from "./log-run.ts";

let whole = "";
before(async () => {
  whole = await temporaryFolder();
  const made = await open(whole);
  await append(made, 1, 40);
  await made.log.close();
});
after(() => rm(whole, { recursive: true }));

test("a line that is JSON, and of which nothing canonical can be made, is named as any other", async (t) => {
  const state = await copyOf(whole);
  t.after(() => rm(state, { recursive: true }));
  const [, name = ""] = await files(whole);
  const path = join(state, "log", name);
  const text = await readFile(path, "utf8");
  for (const instead of ["1e999", '"\\ud800"', `${"[".repeat(50_000)}${"]".repeat(50_000)}`]) {
    await writeFile(path, text.replace(/"v":1}\n(?={)/, `"v":${instead}}\n`));
    assert.match((await verify(state)).problem ?? "", new RegExp(`^${name} line 1 is not canonical JSON`));
  }
});

test("what a changed line says of itself reaches no terminal but as text", async (t) => {
  const state = await copyOf(whole);
  t.after(() => rm(state, { recursive: true }));
  const [name = ""] = await files(whole);
  const path = join(state, "log", name);
  const text = await readFile(path, "utf8");
  const hostile = '"\\u001b[2J"';
  for (const [member, problem] of [
    ["v", "line 1 is of format [2J, this release reads 1"],
    ["key", "line 1 names the signing key [2J; the key given is "],
  ] as const) {
    await writeFile(path, text.replace(new RegExp(`(?<="${member}":)("\\w+"|1)`), hostile));
    assert.ok((await verify(state)).problem?.startsWith(`${name} ${problem}`));
  }
});

test("a line that says what was removed counts once a head holds it, before the next start: nobody else can write it", async (t) => {
  const state = await temporaryFolder();
  t.after(() => rm(state, { recursive: true, force: true }));
  for (let run = 0; run < 3; run += 1) {
    const made = await open(state);
    await append(made, 30 * run + 1, 30 * run + 30);
    await made.log.close();
  }
  const names = await files(state);
  const path = join(state, "log", names.at(-1) as string);
  const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
  const [first, last] = [lines[0] as string, lines.at(-1) as string];
  const { n, prev } = JSON.parse(first);
  for (const name of names.slice(0, -1)) await rm(join(state, "log", name));
  const retention = [{ file: names.at(-2), n: n - 1, hash: prev }];
  const time = new Date().toISOString();
  await appendFile(path, `${canonical({ v: 1, time, n: JSON.parse(last).n + 1, prev: hashOf(last), retention })}\n`);
  const removed = /no line of it says that what was before has been removed$/;
  assert.match((await verify(state)).problem ?? "", removed);
  const next = await open(state);
  await append(next, 200, 201);
  await next.log.close();
  assert.match((await verify(state)).problem ?? "", removed, "the next start has signed over it");
});

test("a file that was renamed is found, also where the order stays; one that does not say its name is of an earlier release", async (t) => {
  const state = await copyOf(whole);
  t.after(() => rm(state, { recursive: true }));
  const names = await files(whole);
  for (const [from = "", to] of [
    [names.at(-1), "decisions-2999-12-31-0001.jsonl"],
    [names[0], "decisions-2001-01-01-0001.jsonl"],
  ] as const) {
    const [was, is] = [join(state, "log", from), join(state, "log", to)];
    await rename(was, is);
    assert.equal((await verify(state)).problem, `${to} line 1 begins the file ${from}: this one was renamed`);
    await rename(is, was);
  }
  assert.equal((await verify(state)).problem, null);
  const former = await copyOf(whole);
  t.after(() => rm(former, { recursive: true }));
  const [only = ""] = names;
  for (const name of names.slice(1)) await rm(join(former, "log", name));
  await rm(join(former, "log", "head.json"));
  const [opening = ""] = (await readFile(join(former, "log", only), "utf8")).split("\n");
  await writeFile(
    join(former, "log", "decisions-2001-01-01-0001.jsonl"),
    `${opening.replace(/"file":"[^"]+",/, "")}\n`,
  );
  await rm(join(former, "log", only));
  assert.equal((await verify(former)).problem, null);
});

test("a head.json whose head can be no line is as one that is damaged, for the reader and for the next start", async (t) => {
  const state = await copyOf(whole);
  t.after(() => rm(state, { recursive: true }));
  const path = join(state, "log", "head.json");
  const { check: _, ...value } = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, JSON.stringify({ ...value, head: { ...value.head, time: "\ud800" } }));
  assert.match((await verify(state)).problem ?? "", /^head\.json is missing or unreadable/);
  assert.equal((await open(state)).recovered.signed, false);
});

test("a byte that no text has in it is found, also where it is read as what stood there", async (t) => {
  const state = await temporaryFolder();
  t.after(() => rm(state, { recursive: true }));
  const { log } = await open(state);
  await log.append([{ v: 1, field: "query:\ufffd" }], () => undefined);
  await log.close();
  const [name = ""] = await files(state);
  const path = join(state, "log", name);
  const text = (await readFile(path)).toString("latin1");
  await writeFile(path, text.replace("\xef\xbf\xbd", "\xff"), "latin1");
  assert.match((await verify(state)).problem ?? "", new RegExp(`^${name} line 3 is no line of a decision log`));
});

test("the newest head is named where it was changed so that no signature tells", async () => {
  const name = (await files(whole)).at(-1) as string;
  const text = await readFile(join(whole, "log", name), "latin1");
  const last = text.split("\n").length - 1;
  const line = text.split("\n").at(-2) as string;
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  // The last digit of 64 bytes in base64url has four bits that say nothing.
  const same = (digit: string) => digits[digits.indexOf(digit) ^ 1] as string;
  for (const changed of [line.replace('"head"', '"iead"'), line.replace(/(?<="signature":"[^"]{85})./, same)]) {
    const state = await copyOf(whole);
    await writeFile(join(state, "log", name), text.replace(line, changed), "latin1");
    assert.match((await verify(state)).problem ?? "", new RegExp(`^${name} line ${last} is not the head`));
    await rm(state, { recursive: true });
  }
});
