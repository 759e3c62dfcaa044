import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { applyPatch } from "diff";
import { describeConfiguration } from "../../inference-sidecar/src/maturity/configuration.ts";
import { PolicyObservations } from "../../inference-sidecar/src/maturity/observations.ts";
import type { Calibration } from "../../inference-sidecar/src/policy/calibration.ts";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import { calibrationOf } from "../../scripts/model/load-policy.ts";
import { type Proposal, propose } from "../../scripts/suggest/proposal.ts";
import { changedRoutes, suggestFor } from "../../scripts/suggest/suggest.ts";
import { runPostern } from "../harness/gateway.ts";
import { recordDay } from "./day.ts";
import { dayPolicy } from "./day-policy.ts";

test("what the day has shown to be more than is used is proposed, with a diff that makes a valid policy", async () => {
  const text = dayPolicy("observe");
  const widened = text
    .replace('methods: [GET], path: "/orders/{id}"', 'methods: [GET, DELETE], path: "/orders/{id}"')
    .replace(/( +)- \{ workloads: .*\n/, "$&$1- { issuer: shop, scopes: [orders:audit] }\n");
  const wide = await mkdtemp(join(tmpdir(), "suggest-"));
  try {
    const recorded = await recordDay(wide, 1_500, 1, () => widened);
    const { child, output, ended } = runPostern(["suggest", "--state", wide, "--policy", recorded.policyPath]);
    assert.ok(child.pid);
    assert.equal(await ended, 0, output());
    assert.match(
      output(),
      /^# read-orders: none of \d+ requests that a grant let in needed read-orders\/2 \(scopes orders:audit\)$/m,
    );
    assert.match(
      output(),
      /^# read-orders: the route takes GET, DELETE; all of \d+ permitted requests came with GET$/m,
    );
    const diff = output().slice(output().indexOf("==="));
    const patched = applyPatch(await readFile(recorded.policyPath, "utf8"), diff);
    assert.equal(patched, text, "the diff takes away just what had been too much");
    await writeFile(recorded.policyPath, patched);
    const again = runPostern(["suggest", "--state", wide, "--policy", recorded.policyPath]);
    assert.equal(await again.ended, 0, again.output());
    assert.match(
      again.output(),
      /^# read-orders: the file asks something else here than the policy that was observed$/m,
    );
    assert.doesNotMatch(again.output(), /^# read-orders: none|^[-+] /m);
  } finally {
    await rm(wide, { recursive: true, force: true });
  }
});

const block = `version: 1
mode: observe
routes:
  - name: one # a comment
    match:
      path: /one/{id}
    public: true
    score: off
  - { name: two, match: { path: /two }, public: true, score: off }
`;

test("edits keep everything else as it is written, in block and in flow style", async () => {
  const proposals: Proposal[] = [
    { kind: "name-methods", route: "one", methods: ["GET", "POST"], why: "" },
    { kind: "raise-mode", route: "one", mode: "detect", why: "" },
    { kind: "name-methods", route: "two", methods: ["GET"], why: "" },
    { kind: "raise-mode", route: "two", mode: "detect", why: "" },
    { kind: "remove-grant", route: "two", grant: "two/0", why: "" },
    { kind: "raise-mode", route: "gone", mode: "detect", why: "" },
  ];
  const { proposals: made, diff } = await suggestFor(
    { text: block, path: "policy.yaml", calibration: null },
    proposals,
  );
  assert.deepEqual(
    made.map(({ inDiff }) => inDiff),
    [true, true, true, true, false, false],
  );
  const patched = applyPatch(block, diff);
  assert.equal(
    patched,
    `version: 1
mode: observe
routes:
  - name: one # a comment
    mode: detect
    match:
      methods: [GET, POST]
      path: /one/{id}
    public: true
    score: off
  - { name: two, mode: detect, match: { methods: [GET], path: /two }, public: true, score: off }
`,
  );
  await parsePolicy(String(patched), "policy.yaml");
});

test("what several routes share by an anchor stays as it is", async () => {
  const shared = `version: 1
mode: observe
routes:
  - { name: one, match: { methods: &all [GET, POST], path: /one }, public: true, mode: &rung observe, score: off }
  - { name: two, match: { methods: *all, path: /two }, public: true, mode: *rung, score: off }
`;
  const { proposals, diff } = await suggestFor({ text: shared, path: "policy.yaml", calibration: null }, [
    { kind: "name-methods", route: "one", methods: ["GET"], why: "" },
    { kind: "raise-mode", route: "one", mode: "detect", why: "" },
  ]);
  assert.deepEqual([proposals.map(({ inDiff }) => inDiff), diff], [[false, false], ""]);
});

test("grants go from lists in block and in flow style, the first, the middle and the last, never the only one", async () => {
  const identity = `identity:
  issuers: [{ name: s, issuer: "https://s.example", audiences: [a], algorithms: [HS256], secret: { file: ./s } }]
`;
  const folder = await mkdtemp(join(tmpdir(), "suggest-"));
  try {
    await writeFile(join(folder, "s"), "a-secret-of-at-least-thirty-two-characters");
    const grants = ["a", "b", "c"].map((scope) => `{ issuer: s, scopes: [${scope}] }`);
    const lists = {
      flow: (all: readonly string[]) => `allow: [${all.join(", ")}] }`,
      block: (all: readonly string[]) => `\n    allow:\n${all.map((one) => `      - ${one}\n`).join("")}`,
    };
    for (const [style, write] of Object.entries(lists)) {
      const head = style === "flow" ? "  - { name: r, match: { path: /r }, " : "  - name: r\n    match: { path: /r }";
      const policy = (all: readonly string[]) => `version: 1\n${identity}routes:\n${head}${write(all)}`;
      for (let removed = 0; removed < 8; removed += 1) {
        const gone = grants.filter((_, index) => (removed >> index) & 1);
        const proposals = gone.map((one): Proposal => {
          return { kind: "remove-grant", route: "r", grant: `r/${grants.indexOf(one)}`, why: "" };
        });
        const text = policy(grants);
        const { diff } = await suggestFor({ text, path: join(folder, "p.yaml"), calibration: null }, proposals);
        const rest = grants.filter((one) => !gone.includes(one));
        const expected = rest.length === 0 ? [grants[0] as string] : rest;
        assert.equal(diff === "" ? text : applyPatch(text, diff), policy(expected), `${style} ${removed}`);
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("a route is to rise only once enough requests say so", () => {
  const route = {
    name: "r",
    rung: "detect",
    public: true,
    score: "full",
    methods: ["GET"],
    strong: false,
    allow: [],
    deny: 0,
    rules: "",
  };
  const proposed = (requests: number, wouldDeny: number) => {
    const observations = new PolicyObservations();
    observations.configuration = { routes: [route] } as never;
    const seen = observations.route("r");
    Object.assign(seen, { requests, permitted: requests, wouldDeny });
    seen.rungs.set("detect", requests);
    seen.methods.set("GET", requests);
    return propose(observations).map(({ kind }) => kind);
  };
  assert.deepEqual(proposed(2994, 0), []);
  assert.deepEqual(proposed(2995, 0), ["raise-mode"]);
  assert.deepEqual(proposed(2995, 1), []);
  assert.deepEqual(proposed(4800, 1), ["raise-mode"]);
});

test("a route with a budget is as it was by the thresholds of the bundle in force, and no other's", async () => {
  const shipped = (await calibrationOf()) as Calibration;
  const offsets = { ...shipped.offsets, unsure: shipped.offsets.unsure.map((offset) => offset + 500) };
  const other = { ...shipped, offsets };
  const text = `version: 1
routes: [{ name: r, match: { path: /r }, public: true, score: { falsePositiveBudget: "1%" } }]
`;
  const { policy } = await parsePolicy(text, "policy.yaml", other);
  const observed = describeConfiguration(policy, "");
  assert.deepEqual(await changedRoutes({ text, path: "policy.yaml", calibration: other }, observed), []);
  assert.deepEqual(await changedRoutes({ text, path: "policy.yaml", calibration: shipped }, observed), ["r"]);
});
