import assert from "node:assert/strict";
import { test } from "node:test";
import { compilePolicy } from "../../inference-sidecar/src/policy/compile.ts";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import { loadCore } from "../../scripts/core.ts";

const EVALUATIONS = 200_000;
const policyText = `
version: 1
mode: prevent
routes:
  - { name: health, match: { path: /healthz }, public: true, score: off }
  - { name: search, match: { path: /search/** }, public: true }
  - { name: asked, match: { path: /asked }, public: true, score: { ask: always } }
  - { name: watched, match: { path: /watched }, public: true, mode: detect }
`;
const head = (path: string) => ({
  method: "GET",
  authority: "shop.example",
  path,
  headers: [["accept", "*/*"] as const],
});
const json = { headers: [["content-type", "application/json"] as const], body: Buffer.from('{"note":"red shoes"}') };

test(`${EVALUATIONS} evaluations need no more memory than the first ones`, { timeout: 900_000 }, async (context) => {
  const core = await loadCore();
  const { policy } = await parsePolicy(policyText, "policy.yaml");
  const gate = core.openGate(compilePolicy(policy).blob);
  const requests = [
    head("/healthz"),
    head("/watched?q=%3Cscript%3Ealert(1)%3C/script%3E"),
    { ...head("/healthz"), peer: { uri: "spiffe://edge.example/web" } },
    head("/nowhere/../x"),
    { ...head("/healthz"), headers: [["authorization", "Bearer a.b.c"] as const] },
    head("/search/shoes?page=2"),
    { ...head("/search/x"), method: "POST", ...json },
    head("/asked?q=shoes"),
  ];
  const run = (evaluations: number) => {
    for (let done = 0; done < evaluations; done += requests.length) {
      for (const request of requests) gate.evaluate({ ...request, at: done }).question?.answer("unavailable");
    }
    return core.memoryBytes;
  };
  const first = run(EVALUATIONS / 20);
  const started = performance.now();
  assert.equal(run(EVALUATIONS), first);
  const perSecond = Math.round((EVALUATIONS / (performance.now() - started)) * 1000);
  context.diagnostic(`${perSecond} evaluations a second, ${first / 65_536} pages`);
});
