import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import fc from "fast-check";
import { isAbove, isBelow, upperBound } from "../../inference-sidecar/src/ladder/binomial.ts";
import { FROM_PREVENT } from "../../inference-sidecar/src/ladder/evidence.ts";
import { conformalThreshold } from "../../inference-sidecar/src/review/conformal.ts";
import { weighedScores, weightOf } from "../../inference-sidecar/src/review/weight.ts";
import { routeTable } from "../../scripts/commands/route-table.ts";

const BUDGET = 0.001;

/** P(X <= k) term by term, with factorials. */
function exactly(k: number, n: number, p: number): number {
  let sum = 0;
  for (let i = 0; i <= k; i++) {
    let ways = 1;
    for (let j = 0; j < i; j++) ways = (ways * (n - j)) / (j + 1);
    sum += ways * p ** i * (1 - p) ** (n - i);
  }
  return sum;
}

/** The chance that so many requests, of which `share` are false, reach the bound at any of them; exact. */
function reached(share: number, requests: number): number {
  let [byFalse, allowed, sum] = [[1], -1, 0];
  for (let n = 1; n <= requests; n++) {
    const next = Array.from({ length: byFalse.length + 1 }, () => 0);
    for (const [k, chance] of byFalse.entries()) {
      next[k] = (next[k] as number) + chance * (1 - share);
      next[k + 1] = chance * share;
    }
    while (isBelow(allowed + 1, n, BUDGET)) allowed += 1;
    for (let k = 0; k <= allowed; k++) {
      sum += next[k] ?? 0;
      next[k] = 0;
    }
    while ((next.at(-1) as number) < 1e-15 && next.length > allowed + 2) next.pop();
    byFalse = next;
  }
  return sum;
}

test("looked at with each request, the bound is milder than at once: docs/policy.md says by how much, and what the canary leaves of that", async () => {
  const page = await readFile(new URL("../../docs/policy.md", import.meta.url), "utf8");
  const percent = (share: number, digits: number) => `${(100 * share).toFixed(digits)} %`;
  const [soon, later, worse] = [reached(BUDGET, 10_000), reached(BUDGET, 100_000), reached(1.5 * BUDGET, 100_000)];
  for (const said of [
    `in ${percent(soon, 0)} of cases within 10,000 requests and in ${percent(later, 0)} within 100,000`,
    `in ${percent(soon ** 2, 1)} and ${percent(later ** 2, 1)}`,
    `in ${percent(worse, 0)} and ${percent(worse ** 2, 2)}`,
  ]) {
    assert.ok(page.includes(said), said);
  }
});

test("0.1 % with 95 % confidence needs 2,995 requests without a false one, 4,742 with one, 6,294 with two", () => {
  for (const [k, n] of [
    [0, 2_995],
    [1, 4_742],
    [2, 6_294],
  ] as const) {
    assert.equal(isBelow(k, n, BUDGET), true);
    assert.equal(isBelow(k, n - 1, BUDGET), false);
    assert.ok(Math.abs(upperBound(k, n) - BUDGET) < 1e-6);
  }
  assert.equal(isBelow(0, 0, BUDGET), false);
});

test("one request too few does not read as if there were enough: the bound that is shown is rounded up", () => {
  const shown = (requests: number) => {
    const evidence = { since: "2026-03-02T10:00:00.000Z", requests, days: 1 };
    const bound = { upperBound: upperBound(0, requests), budget: BUDGET, days: 1, daysNeeded: 1, holds: false };
    const next = { rung: "detect", requests, falsePositives: 0, ...bound } as const;
    const ladder = { rung: "observe", floor: "observe", ceiling: "adapt", promote: "auto" } as const;
    const stands = { pinned: false, proposed: null, asked: null, modelDeny: null, canary: null };
    return /at most .*?\)/.exec(routeTable([{ route: "search", ...ladder, ...stands, evidence, next }]))?.[0];
  };
  assert.equal(shown(2_994), "at most 0.101 % (needed: below 0.100 %)");
  assert.equal(shown(2_995), "at most 0.100 % (needed: below 0.100 %)");
});

test("the bounds are those of the binomial distribution, whatever is counted", () => {
  const counts = fc.integer({ min: 1, max: 300 }).chain((n) => fc.tuple(fc.nat({ max: n }), fc.constant(n)));
  fc.assert(
    fc.property(counts, fc.double({ min: 0.001, max: 0.5, noNaN: true }), ([k, n], p) => {
      const [below, above] = [exactly(k, n, p), k === 0 ? 1 : 1 - exactly(k - 1, n, p)];
      if (Math.abs(below - 0.05) > 1e-9) assert.equal(isBelow(k, n, p), k < n && below <= 0.05);
      if (Math.abs(above - 0.05) > 1e-9) assert.equal(isAbove(k, n, p), k > 0 && above <= 0.05);
      assert.ok(upperBound(k, n) >= k / n);
    }),
  );
});

test("large counts stay exact: a million requests, a thousand false, lie on both sides of nothing", () => {
  assert.equal(isBelow(1_000, 1_000_000, BUDGET), false);
  assert.equal(isAbove(1_000, 1_000_000, BUDGET), false);
  assert.equal(isBelow(900, 1_000_000, BUDGET), true);
  assert.equal(isAbove(1_100, 1_000_000, BUDGET), true);
});

test("what floods of requests drive up is weighed as fast as a few: the ladder looks each second", () => {
  const before = process.cpuUsage();
  for (const findings of [1_000, 1_000_000, 1_000_000_000]) {
    const requests = 2 * findings;
    const normal = 0.5 + 1.644854 * Math.sqrt(0.25 / requests);
    assert.ok(Math.abs(upperBound(findings, requests) - normal) < 1 / requests, `${findings} findings`);
  }
  const { user } = process.cpuUsage(before);
  assert.ok(user < 500_000, `${user} µs`);
});

test("a conformal threshold denies at most a thousandth of the benign, and no more than it must", () => {
  const scores = fc.array(fc.integer({ min: 400_000, max: 1_000_000 }), { maxLength: 60 });
  fc.assert(
    fc.property(fc.nat({ max: 20_000 }), scores, (passed, denied) => {
      const n = passed + denied.length;
      const threshold = conformalThreshold(passed, denied, BUDGET);
      if (n < 999) return assert.equal(threshold, null);
      const still = denied.filter((score) => score >= (threshold ?? 0)).length;
      assert.ok(threshold === 0 ? denied.length <= BUDGET * (n + 1) : still <= BUDGET * (n + 1));
      return undefined;
    }),
  );
  assert.equal(conformalThreshold(998, [], BUDGET), null);
  assert.equal(conformalThreshold(998, [500_000], BUDGET), 500_001);
  assert.equal(conformalThreshold(1_998, [500_000], BUDGET), 0);
});

test("no operator's reviews weigh more than all others' together, and the only operator's all count", () => {
  const reviews = fc.array(fc.nat({ max: 100 }), { maxLength: 8 });
  fc.assert(
    fc.property(reviews, (counts) => {
      const total = counts.reduce((sum, count) => sum + count, 0);
      assert.equal(weightOf(counts, 1), total);
      const weight = weightOf(counts, 2);
      const most = Math.max(0, ...counts);
      assert.ok(weight <= total && weight <= 2 * (total - most));
      assert.ok(weight === total || most > total / 2);
    }),
  );
  assert.equal(weightOf([100], 2), 0);
  assert.equal(weightOf([100, 1], 2), 2);
  assert.deepEqual(weighedScores([[5, 9, 7], [8]], 2), [8, 5]);
  assert.deepEqual(weighedScores([[5, 9, 7]], 2), []);
  assert.deepEqual(weighedScores([[5, 9, 7]], 1), [5, 7, 9]);
});

test("the reasons that deny from prevent up are those of docs/reasons.md", async () => {
  const docs = await readFile("docs/reasons.md", "utf8");
  const rows = [...docs.matchAll(/^\| `(\w+)` \|.*\|\s*`?prevent`?\s*\|/gm)].map(([, code]) => code);
  assert.deepEqual(rows.toSorted(), [...FROM_PREVENT].toSorted());
});
