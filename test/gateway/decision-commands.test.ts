import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { GENESIS } from "../../inference-sidecar/src/decision-log/chain.ts";
import { makeLogDirectory } from "../../inference-sidecar/src/decision-log/log-file.ts";
import type { LogRecord } from "../../inference-sidecar/src/decision-log/record.ts";
import { SealedLog } from "../../inference-sidecar/src/decision-log/sealed-log.ts";
import { WorkerSequences } from "../../inference-sidecar/src/decision-log/sequences.ts";
import { loadSigningKey } from "../../inference-sidecar/src/decision-log/signing-key.ts";
import { parseSince } from "../../scripts/commands/parse-since.ts";
import { evidenceText } from "../../scripts/decision-log/evidence-text.ts";
import { narrate } from "../../scripts/decision-log/narrate.ts";
import { newestDecisions } from "../../scripts/decision-log/newest.ts";
import { reasonTexts } from "../../scripts/decision-log/reasons.ts";
import { runPostern } from "../harness/gateway.ts";

let state = "";

function record(id: string, changes: Partial<LogRecord>): LogRecord {
  return {
    v: 1,
    n: 1,
    prev: "0",
    id: id.padEnd(32, "0"),
    time: "2026-01-31T08:00:00.000Z",
    worker: "aa",
    sequence: 1,
    policy: "bb",
    bundle: "cc",
    module: "dd",
    checks: ["user_authenticated"],
    method: "GET",
    route: "search",
    rung: "prevent",
    effect: "permit",
    reason: "permitted",
    wouldDeny: null,
    evidence: null,
    shape: "",
    subject: { apiKey: "", issuer: "", id: "", workload: "", grant: "", expiredGrant: null, token: "absent" },
    score: { by: "nothing", value: 0, class: "benign", finding: null, surprisal: null, uninspected: null },
    response: { status: 200, bytes: 2, ended: null },
    timingsUs: { request: 1, identity: 0, policy: 0, values: 0, screen: 0, inference: 0 },
    ...changes,
  };
}

const attack = record("a", {
  effect: "deny",
  reason: "attack_scored",
  score: {
    by: "model",
    value: 0.9871,
    class: "sqli",
    finding: { field: "query:q", start: 2, end: 41, decodings: ["percent", "base64"] },
    surprisal: { bits: 4.213, usual: 2.871 },
    uninspected: null,
  },
  response: { status: 403, bytes: 130, ended: null },
});
const missing = record("b", {
  time: "2026-02-01T08:00:00.000Z",
  effect: "deny",
  reason: "token_missing",
  route: "orders",
});
const watched = record("c", { time: "2026-02-02T08:00:00.000Z", rung: "detect", wouldDeny: "attack_scored" });

before(async () => {
  state = await mkdtemp(join(tmpdir(), "decisions-"));
  await mkdir(join(state, "log"));
  const write = (name: string, text: string) => writeFile(join(state, "log", name), text);
  // The tenth file comes after the ninth; the last line was cut off while it was written.
  await write("decisions-2026-01-31-9.jsonl", `${JSON.stringify(attack)}\n{"v":1,"kind":"start"}\n`);
  // No file of the writer's: not the log.
  await write("decisions-copy.jsonl", `${JSON.stringify(attack)}\n`);
  await write("decisions-2026-01-31-10.jsonl", `${JSON.stringify(missing)}\n`);
  await write("decisions-2026-02-02-1.jsonl", `${JSON.stringify(watched)}\n{"v":1,"id":"dd`);
});
after(() => rm(state, { recursive: true, force: true }));

async function postern(...args: string[]): Promise<{ code: number | null; output: string }> {
  const { output, ended } = runPostern(args);
  return { code: await ended, output: output() };
}

test("explain tells every check, the score, where it was found, and what would change the decision", async () => {
  const { code, output } = await postern("explain", attack.id, "--state", state);
  assert.equal(code, 0);
  for (const part of [
    "DENIED (attack_scored): status 403, 130 bytes",
    "request    passed",
    "identity   token: absent",
    "route      passed  search",
    "score      FAILED  the model takes a value of the request for an attack (attack_scored)",
    "0.9871 by the model; likeliest class sqli",
    "4.2 bits a byte by the language model of benign values; 2.9 are usual in such a field",
    "query:q, bytes 2 to 41, after decoding percent, then base64",
    "none is kept: the route says `evidence: none`",
    "what would have to change",
    "On `mode: detect` such requests pass",
  ]) {
    assert.ok(output.includes(part), `${part}\n---\n${output}`);
  }
});

test("explain tells of a permit what a higher rung would have denied", async () => {
  const { output } = await postern("explain", watched.id, "--state", state);
  assert.match(output, /permitted, a higher rung would have denied it \(attack_scored\)/);
  assert.match(output, /^what would have to change for a higher rung to permit it\n {2}If it is no attack, say so/m);
  assert.doesNotMatch(output, /such requests pass/, "it stands on such a rung already");
});

test("explain says of no score that it passed where another check has objected, and of no stream that it goes on", () => {
  const { score } = record("d", {});
  const first = { wouldDeny: "token_missing", rung: "observe", response: null } as const;
  const lineOf = (changes: Partial<LogRecord["score"]>, start: string) =>
    narrate(record("d", { ...first, score: { ...score, ...changes } }), [], null).find((line) =>
      line.startsWith(start),
    );
  assert.equal(lineOf({ by: "screen", value: 0.9998 }, "  score"), "  score      made, and did not decide: 0.9998");
  assert.match(lineOf({ by: "uninspected", uninspected: "body_encoding" }, "  score") ?? "", /could not be inspected$/);
  assert.match(lineOf({}, "  permitted") ?? "", /no response is known: .* or ext_authz decided/);
});

test("explain tells the review that a decision has, and asks for none then; one that was withdrawn is none", async (t) => {
  const reviewed = await mkdtemp(join(tmpdir(), "reviewed-"));
  t.after(() => rm(reviewed, { recursive: true }));
  await mkdir(join(reviewed, "log"));
  const said = { id: attack.id, label: "benign", why: "a recipe", operator: "ada", time: "2026-02-01T08:00:00.000Z" };
  const explained = async (...reviews: object[]) => {
    const lines = [attack, ...reviews.map((review) => ({ v: 1, n: 2, prev: "0", review }))].map(
      (line) => `${JSON.stringify(line)}\n`,
    );
    await writeFile(join(reviewed, "log", "decisions-2026-01-31-1.jsonl"), lines.join(""));
    return (await postern("explain", attack.id, "--state", reviewed)).output;
  };
  const once = await explained(said);
  assert.match(once, /^review\n {2}benign, by ada at 2026-02-01T08:00:00.000Z: a recipe/m);
  assert.doesNotMatch(once, /say so/);
  const withdrawn = await explained(said, { ...said, operator: "ben", undone: true, reviewer: "ada" });
  assert.doesNotMatch(withdrawn, /^review$/m);
  assert.match(withdrawn, /If it is no attack, say so/);
});

test("explain tells a workload's token and one without a subject from a user's", () => {
  const identityOf = (subject: Partial<LogRecord["subject"]>) => {
    const { subject: nobody, ...rest } = record("d", {});
    const lines = narrate({ ...rest, subject: { ...nobody, token: "valid", ...subject } }, [], null);
    return lines.find((line) => line.startsWith("  identity"))?.replace(/^ +identity +/, "");
  };
  assert.equal(identityOf({ issuer: "shop", id: "ab" }), "token of shop, subject ab (hashed)");
  assert.equal(identityOf({ issuer: "shop", id: "ab", sub: "ada" }), "token of shop, subject ada");
  assert.equal(identityOf({ issuer: "shop" }), "token of shop, without a subject");
  assert.equal(identityOf({ workload: "spiffe://a/b" }), "token of a workload (JWT-SVID); workload spiffe://a/b");
});

test("explain advises nothing about a probe of the self-test: no review takes it, and nothing is kept of it", () => {
  const probe = { ...attack, selfTest: true };
  const lines = narrate(probe, evidenceText(probe, null), null);
  assert.ok(lines.includes("  a probe of the self-test: judged, and never forwarded"));
  assert.doesNotMatch(lines.join("\n"), /have to change|review|none is kept/);
});

test("explain --json gives the record itself", async () => {
  const { output } = await postern("explain", missing.id.toUpperCase(), "--state", state, "--json");
  assert.deepEqual(JSON.parse(output), { ...missing, evidenceKept: null, review: null });
});

test("an unknown decision gives 1 and advice, something that is no id gives 2 and the usage", async () => {
  const unknown = await postern("explain", "f".repeat(32), "--state", state);
  assert.equal(unknown.code, 1);
  assert.match(unknown.output, /has no decision f{32}[\s\S]*log show/);
  const wrong = await postern("explain", "12", "--state", state);
  assert.equal(wrong.code, 2);
  assert.match(wrong.output, /32 hex digits[\s\S]*usage: postern explain/);
  const nowhere = await postern("explain", attack.id, "--state", join(state, "nowhere"));
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.output, /--state DIR/);
});

test("log show prints the log in its order and filters it", async () => {
  const ids = async (...args: string[]) => {
    const { code, output } = await postern("log", "show", "--state", state, "--json", ...args);
    assert.equal(code, 0, output);
    const lines = output.split("\n").filter((line) => line.startsWith("{"));
    return lines.map((line) => (JSON.parse(line) as LogRecord).id[0]).join("");
  };
  assert.equal(await ids(), "abc");
  assert.equal(await ids("--limit", "2"), "bc");
  assert.equal(await ids("--route", "search"), "ac");
  assert.equal(await ids("--effect", "deny"), "ab");
  assert.equal(await ids("--reason", "attack_scored"), "ac");
  assert.equal(await ids("--since", "2026-02-01T00:00:00Z"), "bc");
  assert.equal(await ids("--since", "1h"), "");
  const { output } = await postern("log", "show", "--state", state);
  assert.match(
    output,
    /^2026-01-31T08:00:00\.000Z {2}a0{31} {2}GET +search +prevent +403 {2}deny \(attack_scored\); 0\.987 by model$/m,
  );
});

test("log show names what it knows that is nearest to a reason or a route that it does not know", async () => {
  const said = async (...args: string[]) => (await postern("log", "show", "--state", state, ...args)).output;
  assert.match(
    await said("--reason", "atack_scored"),
    /Of the reason "atack_scored" there is none; the nearest is "attack_scored"/,
  );
  assert.match(await said("--route", "serch"), /Of the route "serch" the log has none; the nearest is "search"/);
  assert.equal(await said("--reason", "token_expired"), "no decision in the log passes these filters.\n");
});

test("a time without a zone is UTC, as those of the log are, whatever the terminal's zone", () => {
  const zone = process.env.TZ;
  try {
    process.env.TZ = "America/New_York";
    assert.equal(new Date("2026-01-31T08:00").getUTCHours(), 13, "a zone of this machine");
    for (const time of [
      "2026-01-31T08:00",
      "2026-01-31 08:00:00",
      "2026-01-31T08:00Z",
      "2026-01-31T09:00:00.000+01:00",
    ]) {
      assert.equal(parseSince(time, 0), Date.UTC(2026, 0, 31, 8), time);
    }
    assert.equal(parseSince("2026-01-31", 0), Date.UTC(2026, 0, 31));
    assert.equal(parseSince("90s", 100_000), 10_000);
  } finally {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  }
});

test("log show takes the time of reading the log, however much of it is asked for", async () => {
  const idOf = (number: number) => number.toString(16).padStart(32, "0");
  const { response } = missing;
  const completes = { v: 1, n: 1, prev: "", time: "", response, sequence: 1, worker: "" };
  async function* lines() {
    for (let number = 0; number < 40_000; number++) {
      yield { ...(number % 2 === 0 ? attack : missing), id: idOf(number), response: null };
      if (number >= 100) yield { ...completes, completes: idOf(number - 100) };
    }
  }
  const before = process.cpuUsage();
  const shown = await newestDecisions(lines(), ({ route }) => route === "search", 15_000);
  const { user } = process.cpuUsage(before);
  assert.deepEqual(
    [shown.length, shown[0]?.id, shown.at(-1)?.id, shown.at(-51)?.response, shown.at(-50)?.response],
    [15_000, idOf(10_000), idOf(39_998), response, null],
  );
  assert.ok(user < 2_000_000, `${user} µs`);
});

test("log verify says whether the log is whole, and exits by it", async (t) => {
  const sealed = await mkdtemp(join(tmpdir(), "sealed-"));
  t.after(() => rm(sealed, { recursive: true, force: true }));
  assert.match((await postern("log", "verify", sealed)).output, /log\.pub is no public key[\s\S]*--key FILE/);
  const directory = await makeLogDirectory(sealed);
  const log = new SealedLog({
    ...{ rotationBytes: 1 << 20, retentionBytes: 1 << 30, retentionDays: 90, headMs: 60_000 },
    ...{ directory, key: await loadSigningKey(sealed), sequences: new WorkerSequences() },
    ...{ end: GENESIS, unsealed: 0, torn: 0, signed: false, onUpkeepFailed: assert.fail },
  });
  const gap = { gap: { worker: "aa", first: 2, last: 4, lost: 1 } };
  await log.append([attack, gap, missing], () => undefined);
  await log.close();
  const whole = await postern("log", "verify", sealed);
  assert.equal(whole.code, 0, whole.output);
  assert.match(
    whole.output,
    /^the log is whole\nlines +1 to 6 in 1 files\ndecisions +2\nheads +2, signed by [0-9a-f]{64}$/m,
  );
  assert.match(whole.output, /^gaps +3 records never came; the filter let go of 1,/m);
  const former = await readFile(join(sealed, "keys", "log.pub"), "utf8");
  await rm(join(sealed, "keys", "log.key"));
  await loadSigningKey(sealed);
  const vouched = join(sealed, "both.pem");
  await writeFile(vouched, former + (await readFile(join(sealed, "keys", "log.pub"), "utf8")));
  for (const key of [[], ["--key", vouched]]) {
    assert.match((await postern("log", "verify", sealed, ...key)).output, /^the log is whole/);
  }
  const [name = ""] = (await readdir(directory)).filter((file) => file.endsWith(".jsonl"));
  const text = await readFile(join(directory, name), "utf8");
  await writeFile(join(directory, name), text.replace('"effect":"deny"', '"effect":"permit"'));
  const broken = await postern("log", "verify", sealed, "--json");
  assert.equal(broken.code, 1);
  assert.match((JSON.parse(broken.output) as { problem: string }).problem, /\.jsonl line 3 was changed/);
});

test("log show refuses what it doesn't understand", async () => {
  for (const args of [
    ["--limit", "0"],
    ["--limit", "1e3"],
    ["--limit", " 7"],
    ["--effect", "maybe"],
    ["--since", "yesterday"],
    ["--since", "10"],
    ["--since", "11/12/2026"],
    ["--colour"],
    ["extra"],
  ]) {
    const { code, output } = await postern("log", "show", "--state", state, ...args);
    assert.equal(code, 2, `${args.join(" ")}: ${output}`);
  }
  assert.equal((await postern("log", "verify")).code, 2);
  assert.equal((await postern("log", "unseal")).code, 2);
});

test("a token that does not say when it expires is malformed, not expired", () => {
  assert.doesNotMatch(reasonTexts.token_expired?.says ?? "", /nothing of when/);
  assert.match(reasonTexts.token_malformed?.says ?? "", /`exp`/);
});

test("every reason of the filter is put into words, and no other", async () => {
  const source = await readFile("filter/verdict.ts", "utf8");
  const codes = [...source.matchAll(/row\("(\w+)"/g)].map((match) => match[1] ?? "");
  assert.deepEqual(Object.keys(reasonTexts), codes.slice(1));
});
