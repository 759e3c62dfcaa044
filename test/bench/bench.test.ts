import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { groupsOf } from "../../scripts/bench/groups.ts";
import type { Report } from "../../scripts/bench/report.ts";
import { scenario, scenarios } from "../../scripts/bench/scenarios.ts";
import { estimate, percentile, ratioOfMeans } from "../../scripts/bench/statistics.ts";

test("the interval holds the median of the values, and leaves the outermost out when there are enough", () => {
  assert.deepEqual(estimate([3, 1, 2]), { median: 2, low: 1, high: 3 });
  const fifteen = Array.from({ length: 15 }, (_, index) => 15 - index);
  // Binomial: 96.5 % between the 4th and the 12th of 15.
  assert.deepEqual(estimate(fifteen), { median: 8, low: 4, high: 12 });
  assert.equal(percentile([0, 10], 0.25), 2.5);
});

test("a ratio is that of what is usual, whatever single visits to a slow machine say", () => {
  const usual = Array.from({ length: 20 }, (_, index) => [30 + (index % 3), 10 + (index % 3)] as const);
  const quiet = ratioOfMeans(usual);
  assert.ok(Math.abs(quiet.value - 31 / 11) < 0.1 && quiet.low <= quiet.value && quiet.value <= quiet.high);
  assert.ok(quiet.low > 2.5 && quiet.high < 3.1, JSON.stringify(quiet));
  // The mean of these pairs' own ratios would be far off.
  const disturbed = ratioOfMeans([...usual.slice(3), [500, 0.1], [30, 0.01], [-300, 40]]);
  assert.ok(Math.abs(disturbed.value - quiet.value) < 0.1, JSON.stringify(disturbed));
});

test("each scenario is visited in one group, beside the bare Envoy that is subtracted and what it is compared with", () => {
  const groups = groupsOf(scenarios);
  for (const one of scenarios.filter(({ baseline }) => baseline !== null)) {
    const [group, ...others] = groups.filter(({ scenarios }) => scenarios.includes(one));
    assert.ok(
      group?.scenarios.some(({ id }) => id === one.baseline),
      one.id,
    );
    assert.equal(others.length, 0, one.id);
  }
  const together = (a: string, b: string) =>
    groups.some(({ scenarios }) => [a, b].every((id) => scenarios.some((one) => one.id === id)));
  assert.ok(together("postern/token/new-token", "native/new-token"));
  assert.ok(together("postern/routes/10000", "postern/routes/10"));
  const bare = scenarios.filter(({ id }) => id === "bare/json");
  assert.deepEqual(groupsOf(bare), [{ scenarios: bare, visits: 1 }]);
});

test("a scenario that is asked for twice is measured as one: its tokens would not be new the second time", () => {
  const twice = ["postern/token/new-token", "bare/json"].map(scenario).flatMap((one) => [one, one]);
  assert.deepEqual(
    groupsOf(twice).map(({ scenarios }) => scenarios.map(({ id }) => id)),
    [["bare/known-token", "postern/token/new-token"], ["bare/json"]],
  );
});

test("two scenarios are measured, seen to do what they say, and told in figures", async () => {
  const folder = await mkdtemp(join(tmpdir(), "bench-test-"));
  try {
    const json = join(folder, "report.json");
    const ids = "postern/token/known-token,native-cached/known-token";
    const { code, output } = await runBench(["--rounds", "1", "--seconds", "1", "--only", ids, "--json", json]);
    assert.equal(code, 0, output);
    const report = JSON.parse(await readFile(json, "utf8")) as Report;
    assert.deepEqual(report.scenarios.map(({ id }) => id).sort(), ["bare/known-token", ...ids.split(",")].sort());
    for (const { id, envoyMicros, besideMicros, addedMicros, p50, p99, rate, requests, stages } of report.scenarios) {
      assert.ok(envoyMicros.median > 0 && rate > 0 && requests > rate, id);
      assert.ok(p50.median > 0 && p99.median >= p50.median, id);
      assert.equal(besideMicros.median > 0, id.startsWith("postern"), id);
      assert.equal(addedMicros === null, id.startsWith("bare"), id);
      assert.equal(stages === null, !id.startsWith("postern"), id);
    }
    const [check, ...others] = report.checks;
    assert.equal(others.length, 0);
    assert.equal(check?.passes, (check?.ratio.value ?? Number.NaN) <= 3);
    assert.match(output, /required of what is added/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("a scenario that does not exist, part of a round and windows that nobody waits for are usage errors", async () => {
  for (const [args, says] of [
    [["--only", "postern/guess"], /there is no scenario postern\/guess/],
    [["--only", ""], /there is no scenario/],
    [["--rounds", "1.5"], /--rounds 1.5: write a whole number from 1 to 1000/],
    [["--rounds", ""], /--rounds : write a whole number/],
    [["--seconds", "600"], /--seconds 600: write a number from 0.1 to 60/],
    [["--seconds", "NaN"], /--seconds NaN: write a number/],
    [["--minutes", "0"], /--minutes 0: write a number from 1 to 1440/],
  ] as const) {
    const { code, output } = await runBench(args);
    assert.equal(code, 2, output);
    assert.match(output, says);
  }
});

function runBench(args: readonly string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((done, refuse) => {
    const child = spawn(process.execPath, ["scripts/bench.mjs", ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (part: string) => {
        output += part;
      });
    }
    child.once("error", refuse);
    child.once("close", (code) => done({ code, output }));
  });
}
