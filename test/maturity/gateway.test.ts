import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { RecentDecisions } from "../../inference-sidecar/src/dashboard/recent.ts";
import { createMetrics } from "../../inference-sidecar/src/metrics.ts";
import { Standing } from "../../inference-sidecar/src/self-test/standing.ts";
import { replaceFile } from "../../scripts/replace-file.ts";
import { reportOf } from "../../scripts/report/observe.ts";
import { compileFilter } from "../harness/compile-filter.ts";
import { eventually } from "../harness/eventually.ts";
import { startTestGateway, type TestGateway } from "../harness/gateway.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";

const policy = `
version: 1
mode: prevent
routes:
  - { name: health, match: { methods: [GET], path: /healthz }, public: true, score: off }
  - { name: search, match: { path: /search }, public: true }
  - { name: watched, match: { path: /watched/** }, public: true, mode: observe }
`;

let upstream: RecordingUpstream;
let gateway: TestGateway;

before(
  async () => {
    upstream = await startRecordingUpstream();
    gateway = await startTestGateway({ upstream: upstream.url, policy });
  },
  { timeout: 180_000 },
);
after(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

async function enforcing(): Promise<Record<string, string>> {
  const page = await (await fetch(new URL("/metrics", gateway.dashboardUrl))).text();
  const found = [...page.matchAll(/^postern_sidecar_route_enforcing\{route="(\S+)"\} (\d)$/gm)];
  return Object.fromEntries(found.map(([, route, value]) => [route, value]));
}

async function logLines(): Promise<Record<string, unknown>[]> {
  const folder = join(gateway.state, "log");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".jsonl"));
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  return texts.flatMap((text) => text.split("\n").slice(0, -1)).map((line) => JSON.parse(line));
}

test("a gateway tests itself from the start: metrics, log and report say which routes enforce", async () => {
  const expected = { health: "1", search: "1", watched: "0" };
  // On a machine that stalls the model may be late for a probe; the route's next turn comes within 45 s.
  await eventually(enforcing, (found) => isDeepStrictEqual(found, expected), 120_000);
  const report = await eventually(
    () => reportOf(gateway.state),
    ({ routes }) =>
      routes.filter(({ selfTest }) => selfTest === "passed").length === 2 &&
      routes.every(({ selfTest }) => selfTest !== "none"),
  );
  assert.deepEqual(
    report.routes.map(({ route, enforcing: how, selfTest }) => [route, how, selfTest]),
    [
      ["health", "proved", "passed"],
      ["search", "proved", "passed"],
      ["watched", "no", "nothing is enforced on observe"],
    ],
  );
  assert.equal(report.decisions, 0, "probes are no traffic");
  assert.equal(report.log.problem, null);
  assert.equal(upstream.arrivals.length, 0);
});

test("each file of the log says what policy its decisions rest on, and probes stand apart", async () => {
  const decisions = (found: Record<string, unknown>[]) => found.filter(({ id }) => id !== undefined);
  const lines = await eventually(logLines, (found) => decisions(found).length >= 9);
  assert.ok(lines.some(({ configuration }) => configuration !== undefined));
  const probes = decisions(lines);
  for (const { selfTest } of probes) assert.equal(selfTest, true);
  const page = await (await fetch(new URL("/metrics", gateway.dashboardUrl))).text();
  assert.doesNotMatch(page, /^postern_sidecar_records_total\{.*\} [1-9]/m);
});

test("a change of the policy is tested at once", async () => {
  await writeFile(gateway.policyPath, policy.replace("mode: observe", "mode: detect"));
  await eventually(
    async () => (await enforcing()).watched,
    (value) => value === "1",
  );
});

test("a filter that is taken out of the running Envoy shows within two minutes, whatever it had denied before", {
  timeout: 130_000,
}, async () => {
  const attack = await fetch(`${gateway.url}/search?q=${encodeURIComponent("1' UNION SELECT name FROM users-- -")}`);
  assert.equal(attack.status, 403);
  await gateway.waitForRecord(attack.headers.get("x-postern-decision") ?? "");
  const proved = (await reportOf(gateway.state)).routes.find(({ route }) => route === "search");
  assert.equal(proved?.enforcing, "proved");
  const inert = join(gateway.state, "inert.wasm");
  await compileFilter("filter/proxy-wasm/example/filter.ts", inert);
  const config = await readFile(join(gateway.state, "run", "ecds.json"), "utf8");
  const { filename } = JSON.parse(config).resources[0].typed_config.config.vm_config.code.local;
  const taken = config.replaceAll(filename, inert).replace(/"version_info":"[^"]+"/, '"version_info":"none"');
  await replaceFile(join(gateway.state, "run", "ecds.json"), taken);
  const arrived = upstream.arrivals.length;
  await eventually(enforcing, (found) => Object.values(found).every((value) => value === "0"), 120_000);
  const page = await (await fetch(new URL("/metrics", gateway.dashboardUrl))).text();
  assert.match(page, /^postern_sidecar_filter_inert 1$/m);
  assert.equal(upstream.arrivals.length, arrived, "the probes reach nobody");
  const report = await eventually(
    () => reportOf(gateway.state),
    ({ routes }) => routes.every(({ selfTest }) => selfTest === "a probe came through unjudged"),
  );
  assert.ok(report.routes.every(({ enforcing }) => enforcing === "declared"));
});

test("an inert filter is said by a metric and on the dashboard", async () => {
  const metrics = createMetrics();
  const recent = new RecentDecisions();
  const standing = new Standing(metrics, (alert) => recent.warn(alert));
  const outcome = { route: "search", policy: "p", rung: "prevent", access: false, score: true, problem: "" };
  standing.take({ ...outcome, proved: true, inert: false });
  assert.equal(recent.since(0).alert, "");
  const { mark } = recent;
  standing.take({ ...outcome, proved: false, inert: true, rung: "", problem: "a probe came through unjudged" });
  assert.notEqual(recent.mark, mark, "those who watch are told");
  assert.match(recent.since(mark).alert, /inert.*search/);
  assert.match(await metrics.registry.metrics(), /^postern_sidecar_filter_inert 1$/m);
  standing.take({ ...outcome, proved: false, inert: false, problem: "an attack is not denied" });
  assert.match(recent.since(mark).alert, /^Not proved.*search.*an attack is not denied/);
  standing.take({ ...outcome, proved: true, inert: false });
  assert.equal(recent.since(mark).alert, "");
  assert.match(await metrics.registry.metrics(), /^postern_sidecar_filter_inert 0$/m);
});
