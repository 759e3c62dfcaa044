import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { loadSigningKey } from "../../inference-sidecar/src/decision-log/signing-key.ts";
import { main } from "../../scripts/cli.ts";
import { plainText } from "../../scripts/commands/plain-text.ts";
import { runPostern } from "../harness/gateway.ts";

async function refusal(...args: string[]): Promise<string> {
  const { output, ended } = runPostern(args);
  const code = await ended;
  assert.equal(code, 2, `${args.join(" ")} gave ${code}:\n${output()}`);
  return output();
}

test("an unknown command gives the usage", async () => {
  assert.match(await refusal("upp"), /unknown command "upp"[\s\S]*usage: postern COMMAND/);
  assert.match(await refusal(), /usage: postern COMMAND/);
  assert.match(await refusal("constructor"), /unknown command/);
});

test("model train says what it needs before it makes anything", async () => {
  assert.match(await refusal("model"), /model eval FILE[\s\S]*model train/);
  assert.match(await refusal("model", "train"), /--data and --out are needed/);
  const training = ["model", "train", "--data", "test/fixtures", "--out", "build/none"];
  assert.match(await refusal(...training, "--seed", "x"), /write a whole number/);
  assert.match(await refusal(...training, "--time-limit", "soon"), /write a duration/);
  assert.match(await refusal(...training, "--time-limit", "1000h"), /of at most 596h/);
  assert.match(await refusal(...training), /has no attack-payloads\.jsonl\.gz/);
});

test("up says which argument is wrong and what to write instead", async () => {
  const upstream = ["--upstream", "http://127.0.0.1:3000"];
  assert.match(await refusal("up"), /--upstream URL/);
  assert.match(await refusal("up", "--upstream", "127.0.0.1:3000"), /write an origin/);
  assert.match(await refusal("up", "--upstream", "ftp://127.0.0.1"), /write an origin/);
  assert.match(await refusal("up", "--upstream", "http://127.0.0.1/api"), /without a path/);
  assert.doesNotMatch(await refusal("up", "--upstream", "http://u:hunter2@127.0.0.1/"), /hunter2/);
  assert.match(await refusal("up", ...upstream, "--listen", "8080"), /--listen 8080: write ADDRESS:PORT/);
  assert.match(
    await refusal("up", ...upstream, "--listen", "localhost:8080"),
    /--listen localhost:8080: write ADDRESS:PORT/,
  );
  for (const elsewhere of ["0.0.0.0:9191", "[::]:9191", "192.0.2.1:9191"])
    assert.match(await refusal("up", ...upstream, "--dashboard", elsewhere), /write an address of the loopback/);
  assert.match(await refusal("up", ...upstream, "--concurrency", "0"), /whole number from 1 to 64/);
  assert.match(await refusal("up", ...upstream, "--verbose"), /--verbose[\s\S]*usage: postern up/);
});

test("a state folder where none can be made is an error, and no wait for ever", async (t) => {
  const { child, output, ended } = runPostern([
    "up",
    "--upstream",
    "http://127.0.0.1:3000",
    "--state",
    "/proc/postern",
  ]);
  const patience = setTimeout(() => child.kill("SIGKILL"), 60_000);
  t.after(() => clearTimeout(patience));
  assert.equal(await ended, 1);
  assert.match(output(), /\/proc\/postern does not exist, and the state needs a folder.*--state DIR/);
});

test("--help and -h of each command print what it takes on standard output, exit code 0", async (t) => {
  let said = "";
  const { write } = process.stdout;
  t.mock.method(process.stdout, "write", (text: string | Uint8Array) => {
    if (typeof text !== "string") return write.call(process.stdout, text);
    said += text;
    return true;
  });
  const help = async (...args: string[]) => {
    said = "";
    const code = await main(args);
    assert.equal(code, 0, args.join(" "));
    return said;
  };
  const names = [...(await help("--help")).matchAll(/^ {2}([a-z]+)\b/gm)].map(([, name = ""]) => name);
  assert.ok(names.length > 15, String(names));
  for (const name of new Set(names)) assert.match(await help(name, "--help"), new RegExp(`^usage: postern ${name} `));
  assert.match(await help("log", "-h"), /postern log show[\s\S]*postern log verify DIR/);
  assert.match(await help("model", "--help"), /model eval FILE[\s\S]*model train --data[\s\S]*model use DIR/);
  assert.match(await help("model", "use", "--help"), /^usage: postern model use DIR/);
  assert.match(await help("log", "show", "--limit", "0", "-h"), /^usage: postern log show/);
  assert.match(await help("route", "pin", "--help"), /route pin ROUTE RUNG/);
  assert.equal(await main(["check", "--", "--help"]), 1, "behind -- it is a file's name");
});

test("what would be taken for something else is refused: a flag twice, a rung beside --release", async () => {
  assert.match(await refusal("revoke", "--sub", "alice", "--sub", "bob"), /--sub stands more than once/);
  assert.match(await refusal("route", "pin", "comments", "prevent", "--release"), /usage: postern route/);
});

test("what a terminal would act on is written out in what goes wrong", async (t) => {
  let said = "";
  t.mock.method(process.stderr, "write", (text: string) => {
    said += text;
    return true;
  });
  const folder = await mkdtemp(join(tmpdir(), "escapes-"));
  t.after(() => rm(folder, { recursive: true }));
  const document = join(folder, "openapi.yaml");
  await writeFile(document, "a: [\u001b[31m\n  b: }");
  assert.equal(await main(["init", "--openapi", document]), 1);
  assert.match(said, /openapi\.yaml is no YAML or JSON: .*\\u001b\[31m/s);
  assert.equal(said.includes("\u001b"), false);
});

test("of a file that is no policy a hundred problems are told, and how many more there are", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "check-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "policy.yaml");
  await writeFile(path, ["version: 1", ...Array.from({ length: 500 }, (_, index) => `unknown${index}: 1`)].join("\n"));
  const told: string[] = [];
  t.mock.method(console, "log", (text: string) => told.push(...text.split("\n")));
  assert.equal(await main(["check", path]), 1);
  assert.equal(told.length, 101);
  assert.match(told[0] as string, /policy\.yaml:\d+:\d+: /);
  const more = Number(/^and (\d+) more$/.exec(told[100] as string)?.[1]);
  told.length = 0;
  assert.equal(await main(["check", path, "--json"]), 1);
  assert.equal(JSON.parse(told.join("\n")).problems.length, 100 + more, "a program gets all");
});

test("a file that can't be used is named with what is wrong, exit code 1, never in the words of Node", async (t) => {
  let said = "";
  t.mock.method(process.stderr, "write", (text: string) => {
    said += text;
    return true;
  });
  const none = "build/none/none";
  const halfState = await mkdtemp(join(tmpdir(), "half-"));
  t.after(() => rm(halfState, { recursive: true }));
  await loadSigningKey(halfState);
  await writeFile(join(halfState, "log"), "");
  await mkdir(join(halfState, "run"));
  await writeFile(join(halfState, "run", "policy.json"), "");
  for (const args of [
    ["replay", "--policy", "test/fixtures/requests.jsonl", "--model", none],
    ["log", "verify", "build", "--key", none],
    ["route", "demote", "shop", "--token-file", none],
    ["route", "list", "--state", none],
    ["replay", "--state", none],
    ["replay", "--state", halfState],
    ["model", "use", none],
    ["log", "verify", halfState],
    ["log", "show", "--state", halfState],
  ]) {
    said = "";
    assert.equal(await main(args), 1, said);
    assert.match(said, /does not exist|can't be used|no folder/);
    assert.doesNotMatch(said, /ENO[A-Z]+/);
    if (args.includes(halfState) && args[0] === "log") assert.match(said, /log is no folder/);
  }
});

test("a terminal does nothing with a text of others, which stays legible", () => {
  assert.equal(plainText("a\u001b[31m b\u202e\n"), "a\\u001b[31m b\\u202e\\u000a");
  assert.equal(plainText("Grüße, 東京 👋"), "Grüße, 東京 👋");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.doesNotMatch(plainText(text), /[\p{Cc}\p{Zl}\p{Zp}]/u);
    }),
  );
});
