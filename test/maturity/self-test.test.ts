import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { SelfTestLine } from "../../inference-sidecar/src/maturity/self-test-line.ts";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import type { Mode } from "../../inference-sidecar/src/policy/policy.ts";
import { MARK_HEADER, makeMark } from "../../inference-sidecar/src/self-test/mark.ts";
import { SelfTest } from "../../inference-sidecar/src/self-test/self-test.ts";
import { compileFilter } from "../harness/compile-filter.ts";
import { eventually } from "../harness/eventually.ts";
import { makeIssuer } from "../harness/issuer.ts";
import { type RawAnswer, sendRaw } from "../harness/raw-http.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { type Enforcement, startEnforcement } from "../survival/enforcement.ts";
import { answer, benign, type PlayedSidecar, playSidecar, syncResponse } from "../survival/played-sidecar.ts";

const host = "shop.example";
const attack = `q=${encodeURIComponent("1' UNION SELECT username, password FROM users-- -")}`;
const issuer = await makeIssuer("https://issuer.example", "orders");
const policy = `
version: 1
mode: prevent
identity:
  issuers:
    - { name: shop, issuer: "${issuer.issuer}", audiences: [orders], algorithms: [ES256], jwks: { inline: ${issuer.jwks} } }
routes:
  - { name: open, match: { path: /open }, public: true, ladder: { floor: observe } }
  - { name: heads, match: { methods: [HEAD], path: /heads }, public: true }
  - { name: watched, match: { path: /watched }, public: true, mode: observe }
  - { name: closed, match: { methods: [GET, POST], path: "/closed/{id}" }, allow: [{ issuer: shop, scopes: [read] }] }
`;
type Outcome = SelfTestLine["selfTest"];

let upstream: RecordingUpstream;
let gate: Enforcement;
let sidecar: PlayedSidecar;
let selfTest: SelfTest;
const outcomes = new Map<string, Outcome>();
const recorded: Outcome[] = [];
/** Where the ladder has routes that it has moved. */
const rungs = new Map<string, Mode>();
let movedAt = new Date(0);

/** Of the policy that the gateway of this folder last put in force. */
async function digestIn(folder: string): Promise<string> {
  return JSON.parse(await readFile(join(folder, "policy.json"), "utf8")).digest;
}

async function selfTestOf(folder: string, text: string, onOutcome: (outcome: Outcome) => void): Promise<SelfTest> {
  const { policy: parsed } = await parsePolicy(text, join(folder, "policy.yaml"));
  const digest = await digestIn(folder);
  return new SelfTest({
    socketPath: join(folder, "self-test.sock"),
    roundMs: 300,
    isKeyKnown: () => true,
    standingOf: (route) => {
      const rung = rungs.get(route);
      return rung === undefined ? null : { rung, since: movedAt };
    },
    policy: () => ({ digest, policy: parsed }),
    onOutcome,
    record: async (outcome) => {
      recorded.push(outcome);
    },
  });
}

before(
  async () => {
    upstream = await startRecordingUpstream();
    gate = await startEnforcement({ upstream: upstream.url, policy, workers: 2 });
    selfTest = await selfTestOf(gate.envoy.folder, policy, (outcome) => outcomes.set(outcome.route, outcome));
    sidecar = await playSidecar(gate.sidecarSocket, benign);
    sidecar.sync = answerWith({ version: 1, selfTestKey: selfTest.key });
    await eventually(
      () => [...sidecar.workers.values()],
      (versions) => versions.length === 3 && versions.every((version) => version === 1),
    );
  },
  { timeout: 120_000 },
);
after(async () => {
  await selfTest?.stop();
  await gate?.stop();
  await sidecar?.stop();
  await upstream?.stop();
});

/** Gives each worker that has another state this one. */
function answerWith(state: { readonly version: number } & Record<string, unknown>): PlayedSidecar["sync"] {
  return (stream, version) => answer(stream, version === state.version ? Buffer.alloc(0) : syncResponse(state));
}

function send(path: string, mark: string, method = "GET", body = ""): Promise<RawAnswer> {
  const length = body === "" ? [] : [`content-length: ${body.length}`];
  const head = [
    `${method} ${path} HTTP/1.1`,
    `host: ${host}`,
    "user-agent: test",
    `${MARK_HEADER}: ${mark}`,
    ...length,
  ];
  return sendRaw(gate.url, `${head.join("\r\n")}\r\n\r\n${body}`);
}

const mark = (path: string, method = "GET", key: Uint8Array = selfTest.key, nowMs = Date.now()) =>
  makeMark(key, method, host, path, nowMs);

test("a marked request through the real listener is fully judged, answered with the verdict, recorded apart, never forwarded", async () => {
  const arrived = upstream.arrivals.length;
  for (const [path, method, body, status] of [
    ["/open?q=tea", "GET", "", 200],
    [`/open?${attack}`, "GET", "", 403],
    [`/watched?${attack}`, "GET", "", 200],
    ["/watched", "POST", "text=tea", 200],
    ["/nowhere", "GET", "", 403],
  ] as const) {
    const told = await send(path, mark(path, method), method, body);
    assert.equal(told.status, status, path);
    const { decision, denied, reason } = JSON.parse(told.body);
    assert.equal(denied, status !== 200, path);
    assert.equal(told.headers["x-postern-decision"], decision);
    const record = await sidecar.record(decision);
    assert.equal(record.selfTest, true);
    assert.equal(record.reason, reason);
  }
  assert.equal(upstream.arrivals.length, arrived);
});

test("a mark gives no identity: the answer is that of an unmarked request, and every later stage runs all the same", async () => {
  const path = `/closed/7?${attack}`;
  const unmarked = await send(path, "");
  const told = await send(path, mark(path));
  assert.equal(told.status, unmarked.status);
  assert.equal(told.status, 401);
  const { access, score, reason } = JSON.parse(told.body);
  assert.deepEqual([reason, access], ["token_missing", "token_missing"]);
  assert.match(score, /^attack_/, "the score was made, though nobody was let in");
  assert.equal((await sidecar.record(unmarked.headers["x-postern-decision"] ?? "")).scoredBy, "NOTHING");
});

test("a mark is good once, whichever worker saw it; forged, moved and old ones make an ordinary request", async () => {
  const good = mark("/open?used");
  assert.match((await send("/open?used", good)).body, /"policy"/);
  const tampered = good.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
  const marks: readonly [string, string][] = [
    ...Array.from({ length: 12 }, () => ["a replay", good] as [string, string]),
    ["another key", mark("/open?used", "GET", randomBytes(32))],
    ["another path", mark("/open?other")],
    ["another method", mark("/open?used", "POST")],
    ["a changed byte", tampered],
    ["an hour ago", mark("/open?used", "GET", selfTest.key, Date.now() - 3_600_000)],
    ["in an hour", mark("/open?used", "GET", selfTest.key, Date.now() + 3_600_000)],
    ["cut short", good.slice(0, -2)],
    ["nothing", ""],
  ];
  for (const [what, forged] of marks) {
    const seen = upstream.requests.length;
    const told = await send("/open?used", forged);
    assert.equal(told.body, "ok", what);
    assert.equal(upstream.requests[seen]?.headers[MARK_HEADER], undefined, `${what}: the mark goes no further`);
    assert.equal((await sidecar.record(told.headers["x-postern-decision"] ?? "")).selfTest, false, what);
  }
});

test("routes that enforce are proved, those on observe are not, and nothing of it reaches the upstream", async () => {
  const arrived = upstream.arrivals.length;
  selfTest.start();
  await eventually(
    () => outcomes.size,
    (size) => size === 4,
  );
  const { policy: digest, ...open } = outcomes.get("open") ?? {};
  assert.match(digest ?? "", /^[0-9a-f]{64}$/, "by the filter's own word");
  const proved = { proved: true, inert: false, problem: "" };
  assert.deepEqual(open, { route: "open", rung: "prevent", access: false, score: true, ...proved });
  const { policy: _, ...closed } = outcomes.get("closed") ?? {};
  assert.deepEqual(closed, { route: "closed", rung: "prevent", access: true, score: true, ...proved });
  assert.equal(outcomes.get("heads")?.problem, "", "an answer without a body");
  assert.equal(outcomes.get("watched")?.problem, "nothing is enforced on observe");
  await eventually(
    () => recorded.length,
    (length) => length >= 3,
  );
  assert.equal(upstream.arrivals.length, arrived);
});

test("an outcome that stays the same is recorded once, and one that differs at once, also where both are proved", async () => {
  const ofOpen = () => recorded.filter(({ route }) => route === "open");
  assert.equal(ofOpen().length, 1);
  rungs.set("open", "detect");
  const moved = { route: "open", mode: "PREVENT", rung: "DETECT" };
  sidecar.sync = answerWith({ version: 2, selfTestKey: selfTest.key, routes: [moved] });
  await eventually(
    () => outcomes.get("open")?.rung,
    (rung) => rung === "detect",
  );
  await eventually(
    () => ofOpen().at(-1),
    (newest) => newest?.rung === "detect" && !newest.score && newest.proved,
  );
});

test("a route for CONNECT alone is told to take no request, and keeps no other one from its test", async () => {
  const tunnel = "{ name: tunnel, match: { methods: [CONNECT], path: /open }, public: true }";
  const found = new Map<string, Outcome>();
  const text = policy.replace("routes:", `routes:\n  - ${tunnel}`);
  const other = await selfTestOf(gate.envoy.folder, text, (outcome) => found.set(outcome.route, outcome));
  other.start();
  try {
    await eventually(
      () => found.size,
      (routes) => routes > 1,
    );
    const { proved, inert, problem } = found.get("tunnel") as Outcome;
    assert.deepEqual([proved, inert, problem], [false, false, "no request reaches it: CONNECT has no path"]);
  } finally {
    await other.stop();
  }
});

test("a probe is inside each canary: it proves no more than the rung on which the route itself stands", async () => {
  rungs.set("open", "observe");
  const canary = { rung: "PREVENT", shareMillionths: 100_000, salt: randomBytes(16) };
  const moved = { route: "open", mode: "PREVENT", rung: "OBSERVE", canary };
  sidecar.sync = answerWith({ version: 3, selfTestKey: selfTest.key, routes: [moved] });
  await eventually(
    () => [...sidecar.workers.values()],
    (versions) => versions.every((version) => version === 3),
  );
  const path = `/open?${attack}`;
  assert.equal(JSON.parse((await send(path, mark(path))).body).rung, 2, "inside");
  await eventually(
    () => outcomes.get("open"),
    (outcome) => outcome?.rung === "observe" && outcome.problem === "nothing is enforced on observe" && !outcome.score,
  );
  rungs.clear();
  sidecar.sync = answerWith({ version: 4, selfTestKey: selfTest.key });
  await eventually(
    () => outcomes.get("open")?.proved,
    (proved) => proved === true,
  );
});

test("a route that the filter has lower than it stands is not proved, once it has had its time to follow", async () => {
  const low = { route: "open", mode: "PREVENT", rung: "DETECT" };
  rungs.set("open", "prevent");
  movedAt = new Date();
  sidecar.sync = answerWith({ version: 5, selfTestKey: selfTest.key, routes: [low] });
  const found = await eventually(
    () => outcomes.get("open"),
    (outcome) => outcome?.proved === false,
    60_000,
  );
  assert.ok(Date.now() - movedAt.getTime() >= 20_000, "a move takes its time to reach the filter");
  const { rung, problem } = found as Outcome;
  assert.deepEqual([rung, problem], ["detect", "the filter has it on a lower rung than the one where it stands"]);
  sidecar.sync = answerWith({ version: 6, selfTestKey: selfTest.key });
  await eventually(
    () => outcomes.get("open")?.proved,
    (proved) => proved === true,
  );
});

test("a filter on another policy than the one in force is not proved, here one that went down to observe, and it is recorded", async () => {
  const before = recorded.filter(({ route }) => route === "open").length;
  await gate.change(policy.replace("mode: prevent", "mode: observe"));
  const found = await eventually(
    () => outcomes.get("open"),
    (outcome) => outcome?.proved === false,
    60_000,
  );
  assert.equal(found?.problem, "the filter judges by another policy than the one in force");
  await eventually(
    () => recorded.filter(({ route }) => route === "open").length,
    (count) => count > before,
  );
});

test("a filter that judges nothing is found to be inert", async () => {
  const folder = await mkdtemp(join(tmpdir(), "inert-"));
  const wasmFile = join(folder, "inert.wasm");
  await compileFilter("filter/proxy-wasm/example/filter.ts", wasmFile);
  const inert = await startEnforcement({ upstream: upstream.url, policy, wasmFile });
  const arrived = upstream.arrivals.length;
  const told = new Map<string, Outcome>();
  const tester = await selfTestOf(inert.envoy.folder, policy, (outcome) => told.set(outcome.route, outcome));
  tester.start();
  try {
    await eventually(
      () => told.size,
      (size) => size === 3,
    );
    for (const { inert: isInert, proved, problem } of told.values()) {
      assert.deepEqual([isInert, proved, problem], [true, false, "a probe came through unjudged"]);
    }
    assert.equal(upstream.arrivals.length, arrived, "even so nothing is forwarded");
  } finally {
    await tester.stop();
    await inert.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
