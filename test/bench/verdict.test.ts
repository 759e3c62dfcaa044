import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAll } from "../../scripts/bench/checks.ts";
import type { Window } from "../../scripts/bench/measure.ts";
import { verdict } from "../../scripts/bench/report.ts";
import type { Sample, Visit } from "../../scripts/bench/results.ts";

const [of, to, bare] = ["postern/token/known-token", "native-cached/known-token", "bare/known-token"] as const;

function sample(envoyMicros: number): Sample {
  const window: Window = {
    requests: 100,
    perSecond: 1,
    envoyMicros,
    besideMicros: 0,
    p50: 1,
    p99: 1,
    lateness: 0,
    stages: null,
  };
  return { flatOut: [window], atRate: null };
}

/** What the two add to bare Envoy's 50 µs, on each visit. */
function judged(pairs: readonly (readonly [number, number])[]): string {
  const visits: Visit[] = pairs.map(
    ([one, other]) =>
      new Map([
        [of, sample(50 + one)],
        [to, sample(50 + other)],
        [bare, sample(50)],
      ]),
  );
  const [check, ...others] = checkAll(visits);
  assert.ok(check && others.length === 0);
  return verdict(check);
}

test("a ratio is within its limit, above it, or not certain", () => {
  assert.equal(judged(Array(8).fill([20, 10])), "pass");
  assert.equal(judged(Array(8).fill([40, 10])), "FALLS SHORT");
  assert.equal(judged([20, 25, 28, 31, 36, 39, 22, 24].map((one) => [one, 10])), "pass, not certain");
});

test("fewer than six visits are never certain", () => {
  for (const visits of [1, 2, 5]) {
    assert.equal(judged(Array(visits).fill([20, 10])), "pass, not certain");
    assert.equal(judged(Array(visits).fill([40, 10])), "FALLS SHORT, not certain");
  }
});

test("who seems to add nothing is no excuse for who adds something", () => {
  assert.equal(judged(Array(8).fill([20, -1])), "FALLS SHORT");
  assert.equal(judged(Array(8).fill([20, 0])), "FALLS SHORT");
  // What two noises make is told as what it is worth.
  const noise = [
    [20, -1],
    [25, 30],
    [20, -12],
    [22, 9],
    [20, 40],
    [21, -2],
    [24, 30],
    [20, 3],
  ] as const;
  assert.match(judged(noise), /not certain$/);
});
