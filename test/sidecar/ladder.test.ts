import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { open } from "lmdb";
import { policyForSidecar } from "../../inference-sidecar/src/policy-source.ts";
import { askSidecar } from "../../scripts/gateway/ask-sidecar.ts";
import { loadPolicyWithBundle } from "../../scripts/model/load-policy.ts";
import { type RunningSidecar, startSidecar, temporaryFolder, until, wireRecord } from "./harness.ts";

const tokens = { ada: "ada-has-a-token-of-her-own", ben: "ben-has-a-token-of-his-own" };
const operator = (name: keyof typeof tokens) =>
  `{ name: ${name}, tokenSha256: ${createHash("sha256").update(tokens[name]).digest("hex")} }`;
const policy = (ladder: string) => `
version: 1
mode: detect
operators: [${operator("ada")}, ${operator("ben")}]
routes:
  - { name: shop, match: { path: /shop }, public: true, ${ladder} }
`;
const auto = "ladder: { floor: detect, ceiling: prevent, promote: auto }";

let state = "";
let sidecar: RunningSidecar;
let sequence = 0;
const worker = randomBytes(16);

beforeEach(async () => {
  state = await temporaryFolder();
  sequence = 0;
});
afterEach(async () => {
  await sidecar.stop();
  await rm(state, { recursive: true, force: true });
});

/** @param digest of the compiled policy, which has no operators in it */
async function putInForce(text: string, digest = createHash("sha256").update(text).digest("hex")): Promise<void> {
  const path = join(state, "policy.yaml");
  await writeFile(path, text);
  const { policy: loaded } = await loadPolicyWithBundle(path);
  await mkdir(join(state, "run"), { recursive: true, mode: 0o700 });
  await writeFile(join(state, "run", "policy.json"), policyForSidecar(loaded, digest));
}

async function start(): Promise<void> {
  sidecar = await startSidecar({ state });
  await sidecar.event("listening");
}

/** Reports so many decisions of the route, like the one that is given; gives the last one's id. */
async function report(count: number, decision: Record<string, unknown> = {}): Promise<string> {
  let id = Buffer.alloc(0);
  for (let left = count; left > 0; left -= 500) {
    const records = Array.from({ length: Math.min(left, 500) }, () => {
      id = randomBytes(16);
      const usual = {
        timeUnixMs: Date.now() + 1,
        route: "shop",
        rung: "DETECT",
        effect: "PERMIT",
        reason: "permitted",
      };
      const completion = { responseStatus: 200, responseBytes: 2, ended: "" };
      return wireRecord({ sequence: ++sequence, decisionId: id, ...usual, ...decision, ...completion });
    });
    const digest = randomBytes(32);
    await sidecar.client.report({ worker, policyDigest: digest, bundleDigest: digest, lost: 0, records });
  }
  return id.toString("hex");
}

interface Standing {
  rung: string;
  proposed: string | null;
  asked: string | null;
  canary: { rung: string; evidence: { requests: number } } | null;
  modelDeny: number | null;
  reviews: { benign: number };
  evidence: { requests: number; above: number; here: number };
}

async function standing(): Promise<Standing> {
  const { routes } = (await askSidecar(state, "route/list", {}, null)) as { routes: [Standing] };
  return routes[0];
}

const becomes = (what: string, holds: (of: Standing) => boolean) => until(what, async () => holds(await standing()));
const counted = (requests: number) => becomes(`${requests} counted`, ({ evidence }) => evidence.requests === requests);
const review = (id: string, label: string, by: keyof typeof tokens = "ada") =>
  askSidecar(state, "review", { id, label, why: "seen" }, tokens[by]);
/** Evidence is looked at once a second: by then it would have moved. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 1_300));

describe("by evidence a route", () => {
  test("goes up through a canary after 2,995 requests without a false one each, and not one sooner", async () => {
    await putInForce(policy(auto));
    await start();
    await report(2_994);
    await counted(2_994);
    await settled();
    assert.equal((await standing()).canary, null, "a quiet route stays");
    await report(1);
    await becomes("canary", ({ canary }) => canary?.rung === "prevent");
    await report(2_000, { rung: "DETECT" });
    await report(2_994, { rung: "PREVENT" });
    await becomes("canary counted", ({ canary }) => canary?.evidence.requests === 2_994);
    await settled();
    assert.equal((await standing()).rung, "detect");
    await report(1, { rung: "PREVENT" });
    await becomes("promoted", ({ rung, canary }) => rung === "prevent" && canary === null);

    await sidecar.kill();
    await start();
    assert.equal((await standing()).rung, "prevent");
    await putInForce(policy("mode: observe"));
    await becomes("as the policy says now", ({ rung }) => rung === "observe");
  });

  test("goes by its own budget and days: 1 % needs 299 requests, and they must lie on two", async () => {
    await putInForce(policy(`${auto.replace(" }", ", days: 2 }")}, score: { falsePositiveBudget: 1% }`));
    await start();
    await report(299);
    await counted(299);
    await settled();
    assert.equal((await standing()).canary, null, "on one day");
    await report(1, { timeUnixMs: Date.now() + 86_400_000 });
    await becomes("canary", ({ canary }) => canary !== null);
  });

  test("begins no canary again by what it had shown before one that was ended, by reviews or an operator", async () => {
    await putInForce(policy(`${auto}, score: { falsePositiveBudget: 1% }`));
    await start();
    await report(299);
    await becomes("canary", ({ canary }) => canary !== null);
    const denied = { rung: "PREVENT", effect: "DENY", reason: "attack_scored", scoredBy: "MODEL" };
    const events: string[] = [];
    for (let i = 0; i < 4; i++) events.push(await report(1, denied));
    for (const [index, id] of events.entries()) await review(id, "benign", index % 2 === 0 ? "ada" : "ben");
    await report(298);
    await counted(298);
    await settled();
    assert.equal((await standing()).canary, null);
    await report(1);
    await becomes("another canary", ({ canary }) => canary !== null);
    await askSidecar(state, "route/demote", { route: "shop" }, tokens.ada);
    await report(1);
    await counted(1);
    await settled();
    assert.equal((await standing()).canary, null);
  });

  test("is only proposed where the policy says so", async () => {
    await putInForce(policy("ladder: { ceiling: prevent }"));
    await start();
    await report(2_995);
    await becomes("proposed", ({ proposed }) => proposed === "prevent");
    await settled();
    assert.equal((await standing()).canary, null);
  });

  test("does not go up while findings that nobody has reviewed are too many", async () => {
    await putInForce(policy(auto));
    await start();
    const attack = await report(1, { wouldDeny: "attack_scored", scoredBy: "MODEL", scoreMillionths: 900_000 });
    await report(2_995);
    await counted(2_996);
    await settled();
    assert.equal((await standing()).canary, null);
    await review(attack, "attack");
    await becomes("canary", ({ canary }) => canary !== null);
  });

  test("keeps no proposal that its ladder no longer reaches, and none waits where the policy now says auto", async () => {
    await putInForce(policy("ladder: { ceiling: prevent }"));
    await start();
    await report(2_995);
    await becomes("proposed", ({ proposed }) => proposed === "prevent");
    await putInForce(policy("ladder: { floor: observe, ceiling: detect }"));
    await becomes("withdrawn", ({ proposed }) => proposed === null);
    const approve = () => askSidecar(state, "route/approve", { route: "shop" }, tokens.ada);
    await assert.rejects(approve, /nothing is proposed/);
    await putInForce(policy("ladder: { ceiling: prevent }"));
    await becomes("proposed anew", ({ proposed }) => proposed === "prevent");
    await putInForce(policy(auto));
    await report(1);
    await becomes("canary", ({ canary }) => canary?.rung === "prevent");
  });

  test("never goes down by denials, errors or latency, however many", async () => {
    await putInForce(policy("mode: prevent, ladder: { floor: observe, ceiling: prevent }"));
    await start();
    for (const reason of ["score_unavailable", "attack_scored", "token_expired"]) {
      await report(1_000, { rung: "PREVENT", effect: "DENY", reason, responseStatus: 503 });
    }
    await counted(3_000);
    await settled();
    assert.equal((await standing()).rung, "prevent");
  });
});

test("a move that a crash kept out of the log is in it after the next start, once, whatever policies and starts follow", async () => {
  const ladder = "ladder: { floor: detect, ceiling: prevent }";
  await putInForce(policy(ladder));
  await start();
  await askSidecar(state, "route/pin", { route: "shop", rung: "prevent" }, tokens.ada);
  await sidecar.stop();
  const root = open({ path: join(state, "store", "state.mdb"), maxDbs: 16, encoding: "json" });
  const table = root.openDB<Record<string, unknown>, string>({ name: "ladder", encoding: "json" });
  const evidence = {
    since: new Date().toISOString(),
    requests: 0,
    admitted: 0,
    here: 0,
    above: 0,
    days: 0,
    lastDay: "",
  };
  const move = {
    id: "of-the-crash",
    route: "shop",
    kind: "pin",
    from: "detect",
    to: "prevent",
    by: { kind: "user" },
    evidence,
  };
  await table.put("shop", { ...table.get("shop"), unlogged: move });
  await root.close();

  const ids = async () => (await moves()).map(({ id }) => id);
  await start();
  const [pinned, ...others] = await ids();
  assert.deepEqual(others, ["of-the-crash"]);
  const configurations = async () => (await lines()).filter((line) => "configuration" in line).length;
  const former = await configurations();
  await putInForce(policy(`${ladder}, score: { falsePositiveBudget: 1% }`));
  await until("in force", async () => (await configurations()) > former);
  await report(1, { rung: "PREVENT" });
  await counted(1);
  await settled();
  await sidecar.kill();
  await start();
  assert.deepEqual(await ids(), [pinned, "of-the-crash"]);
});

async function lines(): Promise<Record<string, unknown>[]> {
  const folder = join(state, "log");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".jsonl")).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  return texts.flatMap((text) => text.split("\n").slice(0, -1)).map((line) => JSON.parse(line));
}

async function moves(): Promise<{ id: string; kind: string }[]> {
  return (await lines()).flatMap(({ move }) => (move as { id: string; kind: string } | undefined) ?? []);
}

test("a command that changes nothing is refused, and no line of the log", async () => {
  await putInForce(policy("ladder: { floor: observe, ceiling: prevent }"));
  await start();
  const ask = (command: string, input: object = {}) =>
    askSidecar(state, `route/${command}`, { route: "shop", ...input }, tokens.ada);
  await assert.rejects(() => ask("pin", { release: true }), /not pinned/);
  await ask("propose");
  await assert.rejects(() => ask("propose"), /proposed already/);
  await ask("pin", { rung: "detect" });
  await assert.rejects(() => ask("pin", { rung: "detect" }), /pinned there already/);
  await ask("pin", { release: true });
  await assert.rejects(() => ask("pin", { release: true }), /not pinned/);
  const kinds = (await moves()).map(({ kind }) => kind);
  assert.deepEqual(kinds, ["propose", "pin", "release"]);
});

test("an operator who is taken out of the policy is none any more, though the compiled policy is the same", async () => {
  const ladder = "ladder: { floor: observe, ceiling: prevent }";
  await putInForce(policy(ladder), "d0".repeat(32));
  await start();
  const propose = (by: keyof typeof tokens) => askSidecar(state, "route/propose", { route: "shop" }, tokens[by]);
  await propose("ben");
  await putInForce(policy(ladder).replace(/, \{ name: ben.*?\}/, ""), "d0".repeat(32));
  await until("refused", () =>
    propose("ben").then(
      () => false,
      ({ message }) => /unauthenticated/.test(message),
    ),
  );
  await assert.rejects(() => propose("ada"), /proposed already/);
});

describe("by reviews a route", () => {
  const denied = {
    rung: "PREVENT",
    effect: "DENY",
    reason: "attack_scored",
    scoredBy: "MODEL",
    scoreMillionths: 800_000,
  };

  test("goes down when reviewed false positives are too many, of more than one operator, and never below its floor", async () => {
    await putInForce(policy("mode: prevent, ladder: { floor: detect, ceiling: prevent }"));
    await start();
    const events: string[] = [];
    for (let i = 0; i < 8; i++) events.push(await report(1, denied));
    await counted(8);
    for (const id of events.slice(0, 6)) await review(id, "benign");
    assert.equal((await standing()).rung, "prevent", "one of two operators");
    await review(events[6] as string, "benign", "ben");
    assert.equal((await standing()).rung, "prevent", "one word of another carries no more than two");
    await review(events[7] as string, "benign", "ben");
    assert.equal((await standing()).rung, "detect");
    const here = { effect: "DENY", reason: "token_expired" };
    const more: string[] = [];
    for (let i = 0; i < 6; i++) more.push(await report(1, here));
    for (const [index, id] of more.entries()) await review(id, "benign", index % 2 === 0 ? "ada" : "ben");
    assert.equal((await standing()).rung, "detect");
  });

  test("hears one word on an event, and none on a probe of the self-test", async () => {
    await putInForce(policy("mode: prevent, ladder: { floor: detect, ceiling: prevent }"));
    await start();
    const event = await report(1, denied);
    const probe = await report(1, { ...denied, selfTest: true });
    await counted(1);
    await assert.rejects(() => review(probe, "attack"), /probe of the self-test/);
    const words = await Promise.allSettled([review(event, "benign"), review(event, "attack", "ben")]);
    assert.deepEqual(words.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    assert.equal((await lines()).filter((line) => "review" in line).length, 1);
  });

  test("of an only operator goes from adapt to prevent, and lower by a command only", async () => {
    const alone = policy("mode: adapt, ladder: { floor: observe, ceiling: adapt }");
    await putInForce(alone.replace(/, \{ name: ben.*?\}/, ""));
    await start();
    const reviewed = async (decision: object) => {
      const events: string[] = [];
      for (let i = 0; i < 3; i++) events.push(await report(1, { ...denied, ...decision }));
      await counted(3);
      for (const id of events) await review(id, "benign");
      return standing();
    };
    const demote = () => askSidecar(state, "route/demote", { route: "shop" }, tokens.ada);
    assert.equal((await reviewed({ rung: "ADAPT" })).rung, "prevent");
    const { rung, asked } = await reviewed({});
    assert.deepEqual([rung, asked], ["prevent", "detect"]);
    await demote();
    const lower = await reviewed({ rung: "DETECT", reason: "token_expired" });
    assert.deepEqual([lower.rung, lower.asked], ["detect", "observe"]);
    await demote();
    assert.equal((await standing()).rung, "observe");
  });

  test("of an operator who is taken out of the policy counts no more, and carries nobody else's", async () => {
    const both = policy("mode: adapt, ladder: { floor: prevent, ceiling: adapt }");
    await putInForce(both);
    await start();
    const rung = "ADAPT";
    await report(2_000, { rung });
    const events: string[] = [];
    for (const scoreMillionths of [999_000, 700_000, 600_000, 600_000]) {
      events.push(await report(1, { ...denied, rung, scoreMillionths }));
    }
    await counted(2_004);
    const [first = "", ...others] = events;
    await review(first, "benign");
    for (const id of others.slice(0, 1)) await review(id, "benign", "ben");
    assert.equal((await standing()).modelDeny, 700_001);
    for (const id of others.slice(1)) await review(id, "benign", "ben");
    assert.deepEqual([(await standing()).rung, (await standing()).reviews.benign], ["adapt", 4]);
    await putInForce(both.replace(/, \{ name: ben.*?\}/, ""));
    await becomes("as without him", ({ reviews, modelDeny }) => reviews.benign === 1 && modelDeny === null);
    assert.equal((await standing()).rung, "adapt", "his words don't count for the only operator who is left");
  });

  test("on adapt refits its threshold by the conformal bound; undone, it is as shipped", async () => {
    await putInForce(policy("mode: adapt"));
    await start();
    const rung = "ADAPT";
    await report(2_000, { rung });
    const id = await report(1, { ...denied, rung, scoreMillionths: 600_000 });
    const second = await report(1, { ...denied, rung, scoreMillionths: 999_000 });
    await counted(2_002);
    await review(id, "benign");
    // 2,001 benign requests, of which one may be denied.
    assert.equal((await standing()).modelDeny, null);
    await review(second, "benign", "ben");
    // Of two that were denied the higher may be: the threshold goes just above the other.
    assert.equal((await standing()).modelDeny, 600_001);
    await askSidecar(state, "review", { id: second, undo: true }, tokens.ben);
    assert.equal((await standing()).modelDeny, null);
  });
});
