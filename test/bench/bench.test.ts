import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Report } from "../../scripts/bench/report.ts";
import { estimate, percentile } from "../../scripts/bench/statistics.ts";

test("the interval holds the median of the values, and leaves the outermost out when there are enough", () => {
  assert.deepEqual(estimate([3, 1, 2]), { median: 2, low: 1, high: 3 });
  const fifteen = Array.from({ length: 15 }, (_, index) => 15 - index);
  // Binomial: 96.5 % between the 4th and the 12th of 15.
  assert.deepEqual(estimate(fifteen), { median: 8, low: 4, high: 12 });
  assert.equal(percentile([0, 10], 0.25), 2.5);
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
    assert.equal(check?.passes, (check?.ratio.median ?? Number.NaN) <= 3);
    assert.match(output, /required of what is added/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("a scenario that does not exist is a usage error", async () => {
  const { code, output } = await runBench(["--only", "postern/guess"]);
  assert.equal(code, 2);
  assert.match(output, /there is no scenario postern\/guess/);
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
