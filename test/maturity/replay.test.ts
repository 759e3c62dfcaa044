import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { loadBundle } from "../../inference-sidecar/src/bundle.ts";
import { describeConfiguration } from "../../inference-sidecar/src/maturity/configuration.ts";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import { reasonTexts } from "../../scripts/decision-log/reasons.ts";
import { shippedBundle } from "../../scripts/model/shipped-bundle.ts";
import { enforcedFrom } from "../../scripts/replay/by-record.ts";
import { replay } from "../../scripts/replay/replay.ts";
import { renderReplay } from "../../scripts/replay/text.ts";
import { runPostern } from "../harness/gateway.ts";
import { askDayModel, type Day, recordDay } from "./day.ts";
import { dayPolicy } from "./day-policy.ts";

/** As the day's records name it. */
const bundleDigest = "b0".repeat(32);

let state: string;
let day: Day;

before(async () => {
  state = await mkdtemp(join(tmpdir(), "replay-"));
  day = await recordDay(state, 1_500);
});
after(() => rm(state, { recursive: true, force: true }));

async function replayed(text: string) {
  const { policy } = await parsePolicy(text, day.policyPath);
  return replay({ stateDirectory: state, policy, bundle: null, bundleDigest, ask: askDayModel });
}

/** Recorded decisions of which this holds, but for those that the day lost. */
function recorded(holds: (index: number) => boolean): number {
  return day.evaluations.filter((_, index) => (index < 1000 || index >= 1007) && holds(index)).length;
}

const expiredTokens = () => recorded((index) => day.evaluations[index]?.token === "token_expired");

test("a route that is to go up: at least 95 % is replayed, and what would newly be denied is what its record said", async () => {
  const report = await replayed(dayPolicy("prevent"));
  assert.equal(report.decisions, day.evaluations.length - 7);
  assert.ok(report.replayed >= 0.95 * report.decisions, `${report.replayed} of ${report.decisions}`);
  assert.equal(report.byRecord, expiredTokens(), "what such a token says is not kept");
  const expected = recorded((index) => day.evaluations[index]?.verdict.wouldDeny != null);
  assert.ok(expected > 0);
  assert.equal(report.newlyDenied.count, expected);
  assert.deepEqual(Object.keys(report.newlyDenied.routes), ["comments"]);
  assert.deepEqual(report.newlyDenied.principals, { anonymous: expected });
  const [example] = report.newlyDenied.examples;
  assert.match(example?.id ?? "", /^[0-9a-f]{32}$/);
  assert.match(example?.now ?? "", /^attack_/);
  assert.equal(report.newlyAllowed.count, 0);
  assert.equal(report.otherReason, 0);
});

test("what was replayed is never said to be all while something is missing", async () => {
  const report = await replayed(dayPolicy("prevent"));
  assert.match(renderReplay({ ...report, decisions: 10_000, replayed: 9_996 }), /^replayed +9996, 99\.9 %:/m);
  assert.match(renderReplay({ ...report, decisions: 10_000, replayed: 10_000 }), /^replayed +10000, 100 %:/m);
});

/** Today's policy, with the ladder that took `comments` up and back. */
const climbing = dayPolicy("observe").replace("mode: observe", "mode: observe, ladder: { ceiling: prevent }");

test("a route that the ladder had moved is judged on the rung where it stood, as far as tomorrow's ladder reaches", async () => {
  const moved = await replayed(climbing);
  const changes = ({ newlyDenied, newlyAllowed, otherReason }: typeof moved) => [
    newlyDenied.count,
    newlyAllowed.count,
    otherReason,
  ];
  assert.deepEqual(changes(moved), [0, 0, 0]);
  assert.deepEqual([moved.replayed, moved.leftOut], [moved.decisions, []]);
  assert.equal(moved.byRecord, expiredTokens());
  const fixed = await replayed(dayPolicy("observe"));
  const denied = recorded((index) => {
    const { route, verdict } = day.evaluations[index] ?? {};
    return route === "comments" && verdict?.effect === "deny";
  });
  assert.ok(denied > 0);
  assert.deepEqual(changes(fixed), [0, denied, 0]);
});

test("a grant that asks for more newly denies exactly those who lack it, and one that asks for less lets them in", async () => {
  const stricter = await replayed(dayPolicy("observe").replace("scopes: [orders:read]", "scopes: [orders:read, vip]"));
  const readers = recorded((index) => day.evaluations[index]?.grant === "read-orders/0");
  assert.equal(stricter.newlyDenied.routes["read-orders"], readers);
  assert.ok(Object.keys(stricter.newlyDenied.principals).every((name) => /^[0-9a-f]{32}$/.test(name)));
  const looser = await replayed(dayPolicy("observe").replace(", claims: { tier: [gold, silver] }", ""));
  const bronze = recorded((index) => {
    const { claims, request } = day.requests[index] ?? {};
    const { verdict, token } = day.evaluations[index] ?? {};
    const writes = claims?.scope === "orders:write" && request?.method !== "PATCH";
    return writes && token === "valid" && verdict?.reason === "grant_missing";
  });
  assert.ok(bronze > 0);
  assert.equal(looser.newlyAllowed.routes["write-orders"], bronze);
});

test("who came through a proxy is not known: where others are believed tomorrow, workloads are not judged", async () => {
  const believing = "trustBundle: { file: ./edge.pem }, forwardedFrom: [spiffe://edge.example/ns/edge/sa/proxy] }";
  const report = await replayed(dayPolicy("observe").replace("trustBundle: { file: ./edge.pem } }", believing));
  const workloads = recorded((index) => day.evaluations[index]?.grant === "read-orders/1");
  assert.ok(workloads > 0);
  assert.equal(report.notReplayed["its workload may have come through a proxy (`forwardedFrom`)"], workloads);
  const same = await replayed(dayPolicy("observe"));
  assert.equal(same.notReplayed["its workload may have come through a proxy (`forwardedFrom`)"], undefined);
});

test("who comes with a token of an issuer that tomorrow's policy does not have is denied for that", async () => {
  const foreign = dayPolicy("observe")
    .replaceAll(/(name|issuer): shop/g, "$1: store")
    .replace("https://issuer.example", "https://store.example");
  const report = await replayed(foreign);
  const byToken = recorded((index) => {
    const { token, verdict } = day.evaluations[index] ?? {};
    return token === "valid" && verdict?.effect === "permit";
  });
  assert.ok(byToken > 0);
  assert.equal(report.newlyDenied.count, byToken);
  assert.deepEqual([...new Set(report.newlyDenied.examples.map(({ now }) => now))], ["token_issuer"]);
});

test("without evidence the records alone tell what another rung does, and what they can't tell is counted by its reason", async () => {
  const evidence = join(state, "evidence");
  await rm(evidence, { recursive: true });
  const up = await replayed(dayPolicy("prevent"));
  assert.equal(up.replayed, up.decisions);
  assert.equal(up.byRecord, up.decisions);
  assert.equal(
    up.newlyDenied.count,
    recorded((index) => day.evaluations[index]?.verdict.wouldDeny != null),
  );
  const climbed = await replayed(`${climbing}limits: { perAddress: 5 }\n`);
  assert.match(climbed.leftOut.join(), /^flood limits/, "what no replay can tell is said");
  assert.deepEqual([climbed.byRecord, climbed.newlyDenied.count, climbed.newlyAllowed.count], [up.decisions, 0, 0]);
  const other = await replayed(dayPolicy("observe").replace("scopes: [orders:read]", "scopes: [orders:read, vip]"));
  assert.ok(other.replayed < other.decisions);
  assert.deepEqual(Object.keys(other.notReplayed), ["its evidence is gone"]);
  const affected = recorded((index) => day.evaluations[index]?.route === "read-orders");
  assert.equal(other.notReplayed["its evidence is gone"], affected);
});

test("nothing is guessed: circumstances of then, and API keys that have changed", async () => {
  const other = await mkdtemp(join(tmpdir(), "replay-"));
  try {
    const text = (keys: string, mode: string) => `
version: 1
identity: { apiKeys: { keys: [${keys}] } }
routes:
  - { name: tills, match: { path: /tills }, allow: [{ apiKeys: [till] }], mode: ${mode} }
  - { name: open, match: { path: /open }, public: true, mode: ${mode} }
`;
    const till = `{ name: till, sha256: ${"ab".repeat(32)} }`;
    const { policy } = await parsePolicy(text(till, "detect"), day.policyPath);
    const subject = { apiKey: "till", id: "", workload: "", token: "absent", grant: "tills/0", expiredGrant: "" };
    const score = { by: "uninspected", value: 0, finding: null };
    const record = {
      id: "1",
      time: "2026-11-26T12:00:00.000Z",
      effect: "permit",
      reason: "permitted",
      wouldDeny: null,
    };
    const usual = { ...record, policy: "p", bundle: bundleDigest, rung: "detect", subject, score, evidence: "" };
    const lines = [
      { configuration: describeConfiguration(policy, "p") },
      { ...usual, route: "tills" },
      { ...usual, route: "open", wouldDeny: "inspection_budget" },
      { ...usual, route: "tills", wouldDeny: "attack_scored" },
    ];
    await mkdir(join(other, "log"));
    const linked = lines.map((line, index) => JSON.stringify({ n: index + 1, prev: "", ...line }));
    await writeFile(join(other, "log", "decisions-2026-11-26-0001.jsonl"), `${linked.join("\n")}\n`);
    const outcome = async (tomorrow: string) => {
      const { policy } = await parsePolicy(tomorrow, day.policyPath);
      const report = await replay({ stateDirectory: other, policy, bundle: null, bundleDigest, ask: askDayModel });
      return [report.byRecord, report.newlyDenied.principals, Object.keys(report.notReplayed)];
    };
    assert.deepEqual(await outcome(text(till, "detect")), [3, {}, []]);
    const circumstances = "it would have been denied for its circumstances (inspection_budget)";
    assert.deepEqual(await outcome(text(till, "prevent")), [2, { till: 1 }, [circumstances]]);
    const expired = till.replace(" }", ', expires: "2026-11-01T00:00:00Z" }');
    assert.deepEqual(await outcome(text(expired, "detect")), [
      1,
      {},
      ["its request was not kept (`evidence: values`)"],
    ]);
  } finally {
    await rm(other, { recursive: true, force: true });
  }
});

test("that nothing changes is told by 0 only where 95 % of what a policy could change was replayed, else by 3", async (t) => {
  const other = await mkdtemp(join(tmpdir(), "replay-"));
  t.after(() => rm(other, { recursive: true, force: true }));
  const text = (tills: string) => `
version: 1
identity: { apiKeys: { keys: [{ name: till, sha256: ${"ab".repeat(32)} }] } }
routes:
  - { name: tills, match: { path: /tills }, ${tills}, mode: detect }
  - { name: open, match: { path: /open }, public: true, mode: detect }
`;
  const path = join(other, "tomorrow.yaml");
  await writeFile(path, text("public: true"));
  const { policy } = await parsePolicy(text("allow: [{ apiKeys: [till] }]"), path);
  const bundle = (await loadBundle(shippedBundle)).digest.toString("hex");
  const subject = { apiKey: "", id: "", workload: "", token: "absent", grant: "", expiredGrant: "" };
  const score = { by: "uninspected", value: 0, finding: null };
  const of = (route: string, effect = "permit", reason = "permitted") => {
    const decided = { effect, reason, wouldDeny: null, policy: "p", bundle, rung: "detect" };
    return { id: "1", time: "2026-11-26T12:00:00.000Z", route, ...decided, subject, score, evidence: "" };
  };
  const outcome = async (...records: object[]) => {
    const lines = [{ configuration: describeConfiguration(policy, "p") }, ...records];
    const linked = lines.map((line, index) => `${JSON.stringify({ n: index + 1, prev: "", ...line })}\n`);
    await mkdir(join(other, "log"), { recursive: true });
    await writeFile(join(other, "log", "decisions-2026-11-26-0001.jsonl"), linked.join(""));
    const { output, ended } = runPostern(["replay", "--state", other, "--policy", path, "--json"]);
    const code = await ended;
    const report = JSON.parse(output());
    return [code, report.outcome, report.replayed];
  };
  const same = Array.from({ length: 19 }, () => of("open"));
  const flooded = Array.from({ length: 9 }, () => of("open", "deny", "flood_limit"));
  assert.deepEqual(await outcome(), [3, "nothing", 0]);
  assert.deepEqual(await outcome(...flooded), [3, "nothing", 0]);
  assert.deepEqual(await outcome(of("tills")), [3, "too_few", 0]);
  assert.deepEqual(await outcome(...same, of("tills")), [0, "same", 19]);
  assert.deepEqual(await outcome(...same, ...flooded), [0, "same", 19], "no policy changes those");
  assert.deepEqual(await outcome(...same.slice(1), of("tills")), [3, "too_few", 18]);
});

test("the command says it for people and machines, and exits by it", async () => {
  const same = join(state, "policy", "same.yaml");
  await writeFile(same, dayPolicy("observe"));
  const json = runPostern(["replay", "--state", state, "--policy", same, "--json"]);
  assert.equal(await json.ended, 3, json.output());
  const report = JSON.parse(json.output());
  assert.equal(report.decisions, day.evaluations.length - 7);
  const text = runPostern(["replay", "--state", state, "--policy", same]);
  await text.ended;
  assert.match(text.output(), /^decisions {6}\d+\nreplayed /);
  const nothing = runPostern(["replay", "--state", join(state, "nowhere")]);
  assert.equal(await nothing.ended, 1);
  assert.match(nothing.output(), /--policy P/);
});

test("from which rung on a reason denies is what docs/reasons.md says", async () => {
  const page = await readFile(new URL("../../docs/reasons.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| `(\w+)` \| \d+ \| `\w+` \| (\w+) \|/gm)].map(([, code = "", rung]) => [
    code,
    rung,
  ]);
  assert.ok(rows.length > 40);
  for (const [code = "", rung] of rows) if (code in reasonTexts) assert.equal(enforcedFrom(code), rung, code);
});
