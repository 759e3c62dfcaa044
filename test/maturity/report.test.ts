import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { denialKind } from "../../inference-sidecar/src/maturity/denial.ts";
import { AREAS } from "../../inference-sidecar/src/maturity/gate.ts";
import { GATES, NOT_MEASURABLE } from "../../inference-sidecar/src/maturity/gates.ts";
import { Observations } from "../../inference-sidecar/src/maturity/observations.ts";
import { assessMaturity, type MaturityReport } from "../../inference-sidecar/src/maturity/report.ts";
import { TENETS } from "../../inference-sidecar/src/maturity/tenets.ts";
import { reasonTexts } from "../../scripts/decision-log/reasons.ts";
import { renderHtml } from "../../scripts/report/html.ts";
import { reportOf } from "../../scripts/report/observe.ts";
import { renderText } from "../../scripts/report/text.ts";
import { runPostern } from "../harness/gateway.ts";
import { type Day, recordDay } from "./day.ts";

const REQUESTS = 4_000;

let state: string;
let day: Day;
let report: MaturityReport;

before(async () => {
  state = await mkdtemp(join(tmpdir(), "day-"));
  day = await recordDay(state, REQUESTS);
  report = await reportOf(state);
});
after(() => rm(state, { recursive: true, force: true }));

test("other code, from the definitions alone, computes every number of the report anew", async () => {
  const script = fileURLToPath(new URL("./recompute.py", import.meta.url));
  const { stdout } = await promisify(execFile)("python3", [script, state], { maxBuffer: 1 << 24 });
  const ours = {
    ...report,
    areas: report.areas.map(({ name: _, notMeasurable: __, gates, ...area }) => ({
      ...area,
      gates: gates.map(({ function: _, says: __, unit: ___, ...gate }) => gate),
    })),
    tenets: report.tenets.map(({ holds, of }) => [holds, of]),
    log: { ...report.log, problem: undefined },
  };
  assert.deepEqual(JSON.parse(JSON.stringify(ours)), JSON.parse(stdout));
});

test("the day has what a report must tell: principals, drift, attacks, good texts denied, a route that climbs and comes back", () => {
  const comments = report.routes.find(({ route }) => route === "comments");
  assert.deepEqual(Object.keys(comments?.rungs ?? {}).sort(), ["detect", "observe", "prevent"]);
  assert.equal(comments?.rung, "detect");
  assert.deepEqual(
    comments?.moves.map(({ to, by }) => `${to} by ${by}`),
    ["detect by evidence", "prevent by evidence", "detect by operator ada"],
  );
  assert.ok((comments?.denials.attack_scored ?? 0) + (comments?.denials.attack_screened ?? 0) > 20, "attacks denied");
  assert.ok(comments?.wouldDeny, "and seen before");
  const readers = report.routes.find(({ route }) => route === "read-orders");
  assert.ok((readers?.principals ?? 0) > 500, `${readers?.principals} principals`);
  const denied = day.requests.filter(
    ({ attack }, index) => !attack && /^attack/.test(day.evaluations[index]?.verdict.reason ?? ""),
  );
  assert.ok(denied.length > 0, "good texts denied");
  assert.equal(report.log.missing, 7);
  const [collected] = report.tenets.slice(-1);
  assert.equal((collected?.of ?? 0) - (collected?.holds ?? 0), 7, "what came all the same is not missing");
  assert.equal(report.log.problem, null);
});

test("a route stands where the ladder has it: a canary is not the route, and a move counts before the next request", () => {
  const log = new Observations();
  const time = "2026-03-02T10:00:00.000Z";
  const rungOf = () => log.policy("p").route("search").rung;
  const decide = (rung: string, time = "2026-03-02T10:00:01.001Z") =>
    log.add({
      ...{ time, id: "1", effect: "permit", reason: "permitted", wouldDeny: null, policy: "p", route: "search", rung },
      ...{
        subject: { id: "", workload: "", apiKey: "", grant: "" },
        score: { by: "nothing", uninspected: null, finding: null },
      },
    });
  const move = (kind: string, from: string, to: string) =>
    log.add({ time, move: { id: randomUUID(), route: "search", kind, from, to, by: { kind: "evidence" } } });
  log.add({ time, configuration: { digest: "p", routes: [] } });
  decide("observe");
  move("canary", "observe", "detect");
  decide("detect");
  assert.equal(rungOf(), "observe");
  move("promote", "observe", "detect");
  assert.equal(rungOf(), "detect");
  decide("detect");
  move("demote", "detect", "observe");
  assert.equal(rungOf(), "observe");
  for (const late of [time, "2026-03-02T10:00:00.999Z"]) decide("detect", late);
  assert.equal(rungOf(), "observe", "requests that came before a worker had the move are of before it");
  move("canary", "observe", "prevent");
  move("canary-end", "observe", "observe");
  decide("prevent", time);
  assert.equal(rungOf(), "observe", "nor is one of a canary that has ended");
  decide("detect");
  assert.equal(rungOf(), "detect");
});

test("who comes with an API key is one principal, by the key's name", () => {
  const log = new Observations();
  const from = (subject: object) =>
    log.add({
      ...{ time: "2026-03-02T10:00:00.000Z", id: "1", effect: "permit", reason: "permitted", wouldDeny: null },
      ...{ policy: "p", route: "search", rung: "detect" },
      ...{ subject: { id: "", workload: "", apiKey: "", grant: "", ...subject }, score: { by: "nothing" } },
    });
  for (const subject of [{}, { apiKey: "till-7" }, { apiKey: "till-7" }, { id: "ab", apiKey: "till-8" }]) from(subject);
  assert.deepEqual([...log.policy("p").route("search").principals], ["till-7", "ab"]);
});

test("a workload that came by a token of its own shows no client certificate", () => {
  const time = "2026-03-02T10:00:00.000Z";
  const log = new Observations();
  const route = { name: "stock", rung: "prevent", score: "off", methods: [], allow: [] };
  log.add({ time, configuration: { digest: "p", clientCertificates: true, routes: [route] } });
  const observedAfter = (subject: object) => {
    log.add({
      ...{ time, id: "1", effect: "permit", reason: "permitted", wouldDeny: null, policy: "p", route: "stock" },
      ...{ rung: "prevent", checks: ["service_authenticated"], score: { by: "nothing", uninspected: null } },
      subject: { id: "", workload: "spiffe://edge.example/web", apiKey: "", grant: "", ...subject },
    });
    const { areas } = assessMaturity(log, { lines: 0, signed: 0, problem: null });
    return areas.flatMap(({ gates }) => gates).find(({ id }) => id === "devices.validated")?.observed;
  };
  assert.equal(observedAfter({ token: "valid", issuer: "" }), 0, "a JWT-SVID");
  assert.equal(observedAfter({ token: "valid", issuer: "shop" }), 1, "a user's token beside a certificate");
});

test("what a failed self-test has taken back stays so, also when that test is no longer of the last day", () => {
  const log = new Observations();
  const at = (hour: number) => new Date(Date.UTC(2026, 2, 2, hour)).toISOString();
  const route = { name: "stock", rung: "detect", score: "off", methods: [], allow: [] };
  log.add({ time: at(0), configuration: { digest: "p", routes: [route] } });
  const decide = (hour: number, effect: string, reason: string) =>
    log.add({
      ...{ time: at(hour), id: "1", effect, reason, wouldDeny: null, policy: "p", route: "stock", rung: "detect" },
      ...{ subject: { id: "", workload: "", apiKey: "", grant: "" }, score: { by: "nothing", uninspected: null } },
    });
  const shown = () => assessMaturity(log, { lines: 0, signed: 0, problem: null }).routes[0]?.enforcing;
  decide(0, "deny", "token_missing");
  assert.equal(shown(), "proved");
  const failed = { route: "stock", policy: "p", rung: "", proved: false, inert: true, access: false, score: false };
  log.add({ time: at(1), selfTest: { ...failed, problem: "a probe came through unjudged" } });
  assert.equal(shown(), "declared");
  decide(26, "permit", "permitted");
  assert.equal(shown(), "declared", "nothing has been denied since");
  decide(27, "deny", "token_missing");
  assert.equal(shown(), "proved");
});

test("a self-test that found the filter with another policy than the one in force has failed for the latter", () => {
  const log = new Observations();
  const at = (minute: number) => new Date(Date.UTC(2026, 2, 2, 10, minute)).toISOString();
  const route = { name: "stock", rung: "detect", score: "off", methods: [], allow: [] };
  for (const digest of ["old", "new"]) log.add({ time: at(0), configuration: { digest, routes: [route] } });
  const test = (minute: number, policy: string, problem: string) => {
    const proved = problem === "";
    const outcome = {
      route: "stock",
      policy,
      rung: "detect",
      proved,
      inert: false,
      access: true,
      score: false,
      problem,
    };
    log.add({ time: at(minute), selfTest: outcome });
    return assessMaturity(log, { lines: 0, signed: 0, problem: null }).routes[0]?.selfTest;
  };
  assert.equal(test(1, "old", ""), "none", "it began under the policy before");
  assert.equal(test(2, "new", ""), "passed");
  const other = "the filter judges by another policy than the one in force";
  assert.equal(test(3, "old", other), other);
});

test("where a route stands outlasts a change of the policy, as long as each has it on the same mode", () => {
  const log = new Observations();
  const time = "2026-03-02T10:00:00.000Z";
  const configure = (digest: string, ...routes: readonly (readonly [name: string, rung: string])[]) =>
    log.add({ time, configuration: { digest, routes: routes.map(([name, rung]) => ({ name, rung })) } });
  const rungOf = (digest: string) => log.policy(digest).route("search").rung;
  configure("p", ["search", "detect"]);
  log.add({
    time,
    move: { id: "one", route: "search", kind: "pin", from: "detect", to: "prevent", by: { kind: "user" } },
  });
  configure("q", ["search", "detect"], ["other", "detect"]);
  assert.equal(rungOf("q"), "prevent", "no request has come since");
  configure("r", ["renamed", "detect"]);
  configure("p", ["search", "detect"]);
  assert.equal(rungOf("p"), "", "it began anew: the policy's");
  log.add({
    time,
    move: { id: "two", route: "search", kind: "pin", from: "detect", to: "prevent", by: { kind: "user" } },
  });
  configure("p", ["search", "detect"]);
  assert.equal(rungOf("p"), "prevent", "each file repeats the configuration");
  configure("s", ["search", "observe"]);
  assert.equal(rungOf("s"), "", "the policy gives it another mode");
});

test("a move that a crash had the log tell twice counts once", () => {
  const log = new Observations();
  const pin = { id: "one", route: "search", kind: "pin", from: "detect", to: "prevent", by: { kind: "user" } };
  const release = { ...pin, id: "two", kind: "release", to: "prevent" };
  for (const [hour, move] of [pin, release, release].entries())
    log.add({ time: `2026-03-02T1${hour}:00:00.000Z`, move });
  assert.deepEqual(
    log.moves.get("search")?.map(({ kind, time }) => [kind, time.slice(11, 13)]),
    [
      ["pin", "10"],
      ["release", "11"],
    ],
  );
});

test("the same day, recorded again, gives the same report, byte for byte", async () => {
  const again = await mkdtemp(join(tmpdir(), "day-"));
  try {
    await recordDay(again, REQUESTS);
    assert.deepEqual(await reportOf(again), report);
    const once = await reportOf(state);
    assert.equal(renderText(once), renderText(report));
    assert.equal(await renderHtml(once), await renderHtml(report));
  } finally {
    await rm(again, { recursive: true, force: true });
  }
});

test("a changed line is said at the top, and what rests on the chain is not met", async () => {
  const other = await mkdtemp(join(tmpdir(), "day-"));
  try {
    await recordDay(other, 200);
    const [name = ""] = (await readdir(join(other, "log"))).filter((file) => file.endsWith(".jsonl"));
    const path = join(other, "log", name);
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace('"effect":"deny"', '"effect":"permit"'));
    const broken = await reportOf(other);
    assert.match(broken.log.problem ?? "", /line/);
    assert.match(renderText(broken), /LOG NOT WHOLE/);
    assert.match(await renderHtml(broken), /log is not whole/);
    const signed = broken.areas.flatMap(({ gates }) => gates).find(({ id }) => id === "visibility.signed");
    assert.equal(signed?.met, false);
  } finally {
    await rm(other, { recursive: true, force: true });
  }
});

test("the command prints text or JSON and writes one page that asks nothing of anybody", async () => {
  const page = join(state, "report.html");
  const text = runPostern(["report", "--state", state, "--html", page]);
  assert.equal(await text.ended, 0, text.output());
  assert.equal(text.output(), renderText(report));
  const html = await readFile(page, "utf8");
  assert.doesNotMatch(html, /<script|https?:|url\(|@import|undefined|NaN|\[object/);
  for (const { route } of report.routes) assert.ok(html.includes(route), route);
  const json = runPostern(["report", "--state", state, "--json"]);
  assert.equal(await json.ended, 0, json.output());
  assert.deepEqual(JSON.parse(json.output()), JSON.parse(JSON.stringify(report)));
  const nowhere = runPostern(["report", "--state", join(state, "nowhere")]);
  assert.equal(await nowhere.ended, 1);
  assert.match(nowhere.output(), /--state DIR/);
});

test("docs/maturity.md defines exactly the gates, the tenets and what can't be measured", async () => {
  const page = await readFile(new URL("../../docs/maturity.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| `(\S+)` \| (\S+) \| (.+?) \| (\S+) \| (.+?) \| (.+) \|$/gm)].map((row) =>
    row.slice(1),
  );
  const gates = AREAS.flatMap((area) => GATES[area]);
  assert.deepEqual(
    rows,
    gates.map(({ id, stage, function: name, needs, share, says }) => [
      id,
      stage,
      name,
      needs,
      share === undefined ? "all" : `${share * 100} %`,
      says,
    ]),
  );
  const unseen = [...page.matchAll(/^Not measurable here: (.+)\.$/gm)].map(([, names]) => names);
  assert.deepEqual(
    unseen,
    AREAS.map((area) => NOT_MEASURABLE[area].join("; ")).filter((names) => names !== ""),
  );
  const tenets = [...page.matchAll(/^\d\. (.+)$/gm)].map(([, says]) => says);
  assert.deepEqual(
    tenets,
    TENETS.map(({ says }) => says),
  );
});

test("every reason for a denial is of a kind that proves what its check belongs to", async () => {
  const page = await readFile(new URL("../../docs/reasons.md", import.meta.url), "utf8");
  const statuses = new Map(
    [...page.matchAll(/^\| `(\w+)` \| (\d+) \|/gm)].map(([, reason, status]) => [reason, status]),
  );
  const expected = { identity: "access", privilege: "access", route: "route", request: "request" } as const;
  for (const [reason, { check }] of Object.entries(reasonTexts)) {
    const kind = denialKind(reason);
    if (kind === "unavailable") continue;
    assert.notEqual(statuses.get(reason), "503", `${reason} proves nothing`);
    if (check === "score") assert.equal(kind === "score", reason.startsWith("attack_"), reason);
    else assert.equal(kind, expected[check], reason);
  }
});

test("the page says of how many hours its columns are, and which", async () => {
  const hoursOf = (count: number) =>
    Array.from({ length: count }, (_, index) => {
      const hour = new Date(Date.UTC(2026, 0, 1, index)).toISOString().slice(0, 13);
      return { hour, permitted: 10, wouldDeny: 0, denied: 1, selfTests: 1 };
    });
  const pageOf = (count: number) => renderHtml({ ...report, hours: hoursOf(count) });
  assert.match(await pageOf(168), /requests by the hour \(UTC\)/);
  assert.match(await pageOf(168), /<title>2026-01-01T00: permitted 10, would deny 0, denied 1<\/title>/);
  const month = await pageOf(700);
  assert.match(month, /requests by the 5 hours \(UTC\)/);
  assert.match(month, /<title>2026-01-01T00 to 2026-01-01T04: permitted 50, would deny 0, denied 5<\/title>/);
  assert.doesNotMatch(month, /by the hour/);
});
