import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import { PolicyError } from "../../inference-sidecar/src/policy/problem.ts";
import { calibrationOf } from "../../scripts/model/load-policy.ts";

const digest = (digit: string) => digit.repeat(64);
const policy = (route: string, more = "") => `version: 1
mode: detect
${more}
routes:
  - { name: a, match: { path: /a }, public: true, ${route} }
`;

async function codes(text: string): Promise<string[]> {
  try {
    await parsePolicy(text, "policy.yaml");
    return [];
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return error.problems.map(({ code, line, column }) => `${code} ${line}:${column}`);
  }
}

test("without a ladder a route stays on its rung; with one both ends default to it", async () => {
  const ladderOf = async (route: string) =>
    (await parsePolicy(policy(route), "p.yaml", await calibrationOf())).policy.routes[0]?.ladder;
  const fixed = { floor: "detect", ceiling: "detect", promote: "propose", days: 1, budget: 0.001 };
  assert.deepEqual(await ladderOf("score: off"), fixed);
  assert.deepEqual(await ladderOf("ladder: {}"), fixed);
  assert.deepEqual(await ladderOf("ladder: { ceiling: adapt, promote: auto }"), {
    floor: "detect",
    ceiling: "adapt",
    promote: "auto",
    days: 1,
    budget: 0.001,
  });
  const own = await ladderOf("ladder: { days: 7 }, score: { falsePositiveBudget: 2.5% }");
  assert.deepEqual(own, { ...fixed, days: 7, budget: 0.025 });
});

test("a mode outside its ladder is an error where it stands", async () => {
  assert.deepEqual(await codes(policy("mode: adapt, ladder: { floor: observe, ceiling: adapt }")), []);
  assert.match(String(await codes(policy("ladder: { floor: prevent }"))), /^ladder 5:/);
  assert.match(String(await codes(policy("mode: prevent, ladder: { ceiling: detect }"))), /^ladder 5:/);
});

test("operators are told apart by name and by token", async () => {
  const two = (name: string, token: string) =>
    `operators: [{ name: ada, tokenSha256: ${digest("a")} }, { name: ${name}, tokenSha256: ${token} }]`;
  assert.deepEqual(await codes(policy("score: off", two("ben", digest("b")))), []);
  assert.match(String(await codes(policy("score: off", two("ada", digest("b"))))), /^operator 3:/);
  assert.match(String(await codes(policy("score: off", two("ben", digest("a"))))), /^operator 3:/);
  assert.match(String(await codes(policy("score: off", two("ben", digest("B"))))), /^wrong_syntax 3:/);
});

test("what adapt is in this version, and that nobody can review, is said", async () => {
  const notes = async (text: string) => {
    const codes = (await parsePolicy(text, "p.yaml")).notes().map(({ code }) => code);
    return codes.filter((code) => code !== "route_without_owner");
  };
  const operators = `operators: [{ name: ada, tokenSha256: ${digest("a")} }]`;
  assert.deepEqual(await notes(policy("score: off")), []);
  assert.deepEqual(await notes(policy("mode: adapt", operators)), ["route_adapts"]);
  assert.deepEqual(await notes(policy("ladder: { ceiling: prevent }")), ["route_without_review"]);
});
