import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, readdir, readFile, writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { projectRoot } from "../../scripts/project-root.ts";
import { eventually } from "../harness/eventually.ts";
import { gatewayScene } from "./scene.ts";

const run = promisify(execFile);
const tokens = {
  ada: "ada-has-a-token-of-her-own",
  ben: "ben-has-a-token-of-his-own",
  cleo: "cleo-has-a-token-of-her-own",
};
const digest = (text: string) => createHash("sha256").update(text).digest("hex");
const policyOf = (...operators: (keyof typeof tokens)[]) => `
version: 1
mode: detect
operators: [${operators.map((name) => `{ name: ${name}, tokenSha256: ${digest(tokens[name])} }`).join(", ")}]
routes:
  - { name: moving, match: { path: /moving }, public: true, ladder: { floor: detect, ceiling: prevent } }
  - { name: alone, match: { path: /alone }, public: true, mode: prevent, ladder: { floor: observe, ceiling: prevent } }
  - { name: learning, match: { path: /learning }, public: true, mode: adapt, ladder: { floor: prevent, ceiling: adapt } }
`;
const attack = encodeURIComponent("1' UNION SELECT username, password FROM users WHERE '1'='1' --");

const scene = gatewayScene({ policy: policyOf("ada", "ben"), workers: 2 });

/** Runs `postern`; the token is an operator's. */
async function postern(args: readonly string[], token?: string) {
  const { POSTERN_OPERATOR_TOKEN: _, ...plain } = process.env;
  const env = token === undefined ? plain : { ...plain, POSTERN_OPERATOR_TOKEN: token };
  const command = [join(projectRoot, "scripts", "postern.mjs"), ...args, "--state", scene.gateway.state];
  const done = await run(process.execPath, command, { env }).catch((error) => error);
  return { code: Number(done.code ?? 0), out: String(done.stdout), err: String(done.stderr) };
}

const moved = async (args: readonly string[], token?: string) =>
  JSON.parse((await postern(["route", ...args, "--json"], token)).out);

/** On a connection of its own: any of the workers. */
function get(path: string): Promise<{ status: number; id: string }> {
  return new Promise((done, refuse) => {
    const sent = request(`${scene.gateway.url}${path}`, { agent: new Agent() }, (response) => {
      response.resume();
      response.on("end", () => {
        done({ status: response.statusCode ?? 0, id: String(response.headers["x-postern-decision"]) });
      });
    });
    sent.on("error", refuse);
    sent.end();
  });
}

/** Every answer of so many requests, each on a connection of its own. */
const statuses = async (path: string, count = 12) => [
  ...new Set((await Promise.all(Array.from({ length: count }, () => get(path)))).map(({ status }) => status)),
];

async function logLines(): Promise<Record<string, unknown>[]> {
  const folder = join(scene.gateway.state, "log");
  const files = (await readdir(folder)).filter((name) => name.endsWith(".jsonl")).sort();
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), "utf8")));
  return texts
    .join("")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

test("a move needs an operator's token, and no argument names the operator", async () => {
  for (const token of [undefined, "a-token-that-nobody-has"]) {
    const refused = await postern(["route", "pin", "moving", "prevent"], token);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /\[unauthenticated\]/);
  }
  const file = join(scene.gateway.state, "token");
  await writeFile(file, `${tokens.ada}\n`);
  await chmod(file, 0o644);
  assert.match((await postern(["route", "demote", "moving", "--token-file", file])).err, /chmod 600/);
  await chmod(file, 0o600);
  assert.match((await postern(["route", "demote", "moving", "--token-file", file])).err, /at its floor, detect/);
});

test("a move is in force in every worker when its command returns", async () => {
  assert.deepEqual(await statuses(`/moving?q=${attack}`), [200]);
  const { rung, workers, current } = await moved(["pin", "moving", "prevent"], tokens.ada);
  assert.deepEqual([rung, current], ["prevent", workers]);
  assert.ok(workers >= 2);
  assert.deepEqual(await statuses(`/moving?q=${attack}`), [403]);
  const listed = await postern(["route", "list"]);
  assert.match(listed.out, /^moving\s+prevent\s+detect to prevent, propose; .*pinned$/m);
});

test("it survives a sidecar and an Envoy that are killed, from the first request on", { timeout: 60_000 }, async () => {
  process.kill(await scene.gateway.sidecarPid(), "SIGKILL");
  assert.deepEqual(await statuses(`/moving?q=${attack}`), [403]);
  const envoy = await scene.gateway.envoyPid();
  process.kill(envoy, "SIGKILL");
  const first = await eventually(
    () => get(`/moving?q=${attack}`).catch(() => null),
    (answer) => answer !== null,
  );
  assert.equal(first?.status, 403);
  await eventually(
    () => postern(["route", "list"]),
    ({ out }) => /^moving\s+prevent/m.test(out),
  );
});

test("nothing leads out of the ladder; what is proposed and approved begins with a canary", async () => {
  assert.match((await postern(["route", "pin", "moving", "adapt"], tokens.ada)).err, /from detect to prevent/);
  assert.match((await postern(["route", "pin", "moving", "observe"], tokens.ada)).err, /from detect to prevent/);
  await moved(["pin", "moving", "--release"], tokens.ada);
  assert.equal((await moved(["demote", "moving"], tokens.ben)).rung, "detect");
  assert.deepEqual(await statuses(`/moving?q=${attack}`), [200]);
  assert.match((await postern(["route", "approve", "moving"], tokens.ada)).err, /nothing is proposed/);
  assert.equal((await moved(["propose", "moving"], tokens.ada)).proposed, "prevent");
  const { rung, canary } = await moved(["approve", "moving"], tokens.ben);
  assert.deepEqual([rung, canary.rung, canary.share], ["detect", "prevent", 0.1]);
  assert.deepEqual(await statuses(`/moving?q=${attack}`), [403], "who has no name is inside");
  assert.equal((await moved(["demote", "moving"], tokens.ada)).canary, null);
  assert.deepEqual(await statuses(`/moving?q=${attack}`), [200]);
});

test("a hundred poisoned reviews can't open a gate", { timeout: 120_000 }, async () => {
  const events: string[] = [];
  for (let i = 0; i < 100; i++) events.push((await get(`/learning?q=${attack}${i}`)).id);
  await scene.gateway.waitForRecord(events.at(-1) as string);
  const review = (id: string, token?: string) => postern(["review", id, "--benign", "--why", "looks harmless"], token);
  assert.match((await review(events[0] as string)).err, /\[unauthenticated\]/);
  assert.match((await review(events[0] as string, tokens.ada)).out, /reviewed as benign by ada \(route learning\)/);
  assert.match((await review(events[0] as string, tokens.ben)).err, /ada has reviewed .*\[conflict\]/);
  assert.match((await review("0".repeat(32), tokens.ada)).err, /no decision .*\[not_found\]/);
  const byAda = await reviewAll(events.slice(1), tokens.ada);
  assert.ok(byAda.filter((code) => code === "rate_limited").length > 0, "60 an hour are the most");
  assert.ok(byAda.filter((code) => code === "ok").length > 50);
  const alone = await standingOf("learning");
  assert.deepEqual([alone.rung, alone.modelDeny], ["adapt", null], "one of two moves nothing");
  const left = events.slice(1).filter((_, index) => byAda[index] !== "ok");
  assert.deepEqual([...new Set(await reviewAll(left, tokens.ben))], ["ok"]);
  const learning = await standingOf("learning");
  assert.ok(learning.modelDeny === null || learning.modelDeny < 700_000, `${learning.modelDeny}`);
  assert.notEqual(learning.rung, "detect");
  assert.deepEqual(await statuses(`/learning?q=${attack}`), [403]);
});

test("a review can be undone; all of it stands in the log, which verifies", async () => {
  const { id } = await get(`/moving?q=${attack}`);
  await scene.gateway.waitForRecord(id);
  assert.match((await postern(["review", id, "--attack", "--why", "union select"], tokens.ben)).out, /attack by ben/);
  assert.match((await postern(["review", id, "--undo"], tokens.ben)).out, /withdrawn/);
  assert.match((await postern(["review", id, "--undo"], tokens.ben)).err, /\[not_found\]/);
  const lines = await logLines();
  const reviews = lines.flatMap(({ review }) => (review === undefined ? [] : [review as Record<string, unknown>]));
  const said = reviews.slice(-2).map(({ operator, label, why, undone }) => [operator, label, why, undone]);
  assert.deepEqual(said, [
    ["ben", "attack", "union select", undefined],
    ["ben", "attack", "union select", true],
  ]);
  const moves = lines.flatMap(({ move }) => (move === undefined ? [] : [move as Record<string, unknown>]));
  const kinds = moves
    .filter(({ route }) => route === "moving")
    .map(({ kind, by }) => [kind, (by as { name: string }).name]);
  assert.deepEqual(kinds, [
    ["pin", "ada"],
    ["release", "ada"],
    ["demote", "ben"],
    ["propose", "ada"],
    ["canary", "ben"],
    ["canary-end", "ada"],
  ]);
  assert.ok(moves.every(({ evidence }) => typeof evidence === "object"));
  const verified = await run(process.execPath, [
    join(projectRoot, "scripts", "postern.mjs"),
    "log",
    "verify",
    scene.gateway.state,
  ]);
  assert.match(verified.stdout, /^the log is whole$/m);
});

test("nor can those of an only operator, where the floor is low: it takes a command, under the operator's name", {
  timeout: 120_000,
}, async () => {
  await writeFile(scene.gateway.policyPath, policyOf("cleo"));
  await eventually(
    () => postern(["route", "propose", "alone"], tokens.cleo),
    ({ err }) => /at its ceiling/.test(err),
    20_000,
  );
  const events: string[] = [];
  for (let i = 0; i < 100; i++) events.push((await get(`/alone?q=${attack}${i}`)).id);
  await scene.gateway.waitForRecord(events.at(-1) as string);
  const codes = await reviewAll(events.slice(1), tokens.cleo);
  assert.ok(codes.filter((code) => code === "ok").length > 50);
  assert.deepEqual(await statuses(`/alone?q=${attack}`), [403]);
  const { rung, asked } = await standingOf("alone");
  assert.deepEqual([rung, asked], ["prevent", "detect"]);
  assert.match((await postern(["route", "list"])).out, /reviews ask for detect: `postern route demote` takes it there/);
  assert.equal((await moved(["demote", "alone"], tokens.cleo)).rung, "detect");
  const last = (await logLines())
    .flatMap(({ move }) => (move as { kind: string; by: object } | undefined) ?? [])
    .at(-1);
  assert.deepEqual([last?.kind, last?.by], ["demote", { kind: "operator", name: "cleo" }]);
});

async function standingOf(route: string) {
  const { routes } = JSON.parse((await postern(["route", "list", "--json"])).out);
  return routes.find((one: { route: string }) => one.route === route);
}

/** An operator reviews, by the socket itself: a hundred processes would take their time. */
async function reviewAll(ids: readonly string[], token: string): Promise<string[]> {
  const codes: string[] = [];
  for (const id of ids) codes.push(await ask("review", { id, label: "benign", why: "looks harmless" }, token));
  return codes;
}

function ask(command: string, input: object, token: string): Promise<string> {
  return new Promise((done, refuse) => {
    const options = {
      socketPath: join(scene.gateway.state, "run", "sidecar-admin.sock"),
      path: `/${command}`,
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
    };
    const sent = request(options, (response) => {
      let text = "";
      response.on("data", (part) => {
        text += part;
      });
      response.on("end", () => done(JSON.parse(text).error?.code ?? "ok"));
    });
    sent.on("error", refuse);
    sent.end(JSON.stringify(input));
  });
}
