import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compilePolicy } from "../../inference-sidecar/src/policy/compile.ts";
import { exceedancesAllowed, requestsNeeded, thresholdsFor } from "../../inference-sidecar/src/policy/conformal.ts";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import { PolicyError } from "../../inference-sidecar/src/policy/problem.ts";
import { type AskModel, loadCore } from "../../scripts/core.ts";
import { Random } from "../harness/random.ts";

const thresholds = { clearBelow: 60_000, denyAlone: 800_000, modelDeny: 380_000 };
const offsets = Array.from({ length: 200 }, (_, index) => 1000 - 20 * index);
const calibration = { thresholds, requests: 3300, offsets: { unsure: offsets, always: offsets } };
const policyWith = (budget: string) => `
version: 1
routes:
  - { name: all, match: { path: /** }, public: true, score: { falsePositiveBudget: ${budget} } }
`;

async function problemOf(budget: string, known: typeof calibration | null) {
  const refused = await parsePolicy(policyWith(budget), "policy.yaml", known).catch((error: PolicyError) => error);
  assert.ok(refused instanceof PolicyError, "the policy was taken");
  return refused.problems[0];
}

test("a budget of 0.1 % at 95 % confidence needs 2,995 requests, and more for each that may lie above", () => {
  assert.equal(requestsNeeded(0.001), 2995);
  assert.deepEqual(
    [2994, 2995, 4742, 6294, 100_000].map((requests) => exceedancesAllowed(requests, 0.001)),
    [-1, 0, 1, 2, 83],
  );
});

test("of many calibration requests a large budget is still a bound, and no license to deny all", () => {
  for (const [requests, budget] of [
    [33_336, 0.0225],
    [33_336, 0.05],
    [1_000_000, 0.01],
  ] as const) {
    const share = exceedancesAllowed(requests, budget) / requests;
    assert.ok(share < budget && share > 0.9 * budget, `${share} of ${requests} at ${budget}`);
  }
});

test("the share above the threshold stays within the budget with the stated confidence, whatever the scores' distribution", () => {
  // Only ranks matter, so uniform scores stand for all: the share above the k-th largest of n is Beta-distributed.
  const random = new Random(7);
  const uniform = () => random.below(2 ** 31) / 2 ** 31;
  const [requests, budget, trials] = [400, 0.02, 4000];
  const allowed = exceedancesAllowed(requests, budget);
  let broken = 0;
  for (let trial = 0; trial < trials; trial++) {
    const scores = Float64Array.from({ length: requests }, uniform).sort();
    if (1 - (scores[requests - 1 - allowed] as number) > budget) broken += 1;
  }
  assert.ok(broken / trials < 0.065, `${broken} of ${trials}`);
  assert.ok(broken / trials > 0.005, `${broken} of ${trials}: stricter than it need be`);
});

test("a larger budget never gives a stricter threshold, and the screen never denies what it clears", () => {
  const share = fc.double({ min: 0.0005, max: 0.05, noNaN: true });
  fc.assert(
    fc.property(share, share, (one, other) => {
      const small = thresholdsFor(calibration, "unsure", Math.min(one, other));
      const large = thresholdsFor(calibration, "unsure", Math.max(one, other));
      if (small === null) return;
      assert.ok(large && large.modelDeny <= small.modelDeny && large.denyAlone <= small.denyAlone);
      for (const { denyAlone, modelDeny } of [small, large])
        assert.ok(denyAlone >= thresholds.clearBelow && denyAlone <= 1_000_000 && modelDeny <= 1_000_000);
    }),
  );
});

test("a budget that the calibration can't promise is refused, with the number that it needs", async () => {
  const short = await problemOf("0.01%", calibration);
  assert.equal(short?.code, "budget_unsupported");
  assert.match(short?.message ?? "", /needs 29956 benign requests of calibration; the bundle's has 3300/);
  assert.match((await problemOf("1%", null))?.message ?? "", /the bundle has no calibration/);
  assert.equal((await problemOf("6%", calibration))?.code, "out_of_range");
  assert.equal((await problemOf("0%", calibration))?.code, "out_of_range");
});

test("the filter's own code judges a route by its budget", async () => {
  const core = await loadCore();
  const gateFor = async (budget: string) => {
    const { policy } = await parsePolicy(policyWith(budget), "policy.yaml", calibration);
    return { gate: core.openGate(compilePolicy(policy).blob), score: policy.routes[0]?.score };
  };
  const request = {
    method: "GET",
    authority: "a.example",
    path: "/?q=%27+OR+%271%27%3D%271",
    headers: [],
    at: Date.now(),
  };
  for (const budget of ["0.1%", "5%"]) {
    const { gate, score } = await gateFor(budget);
    const found = score?.inspect === "full" ? score.thresholds : null;
    assert.ok(found);
    for (const [millionths, effect] of [
      [found.modelDeny - 1, "permit"],
      [found.modelDeny, "deny"],
    ] as const) {
      const ask: AskModel = async ({ findings }) => findings.map(() => ({ millionths, attackClass: "sqli" }));
      const evaluation = await gate.decide(request, ask);
      const screened: boolean = evaluation.score.screenMillionths >= found.denyAlone;
      assert.equal(evaluation.verdict.effect, screened ? "deny" : effect, `${budget} ${millionths}`);
    }
  }
});
