import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { GENESIS } from "../../inference-sidecar/src/decision-log/chain.ts";
import { makeLogDirectory } from "../../inference-sidecar/src/decision-log/log-file.ts";
import { type LogRecord, logLine, type WireRecord } from "../../inference-sidecar/src/decision-log/record.ts";
import { SealedLog } from "../../inference-sidecar/src/decision-log/sealed-log.ts";
import { WorkerSequences } from "../../inference-sidecar/src/decision-log/sequences.ts";
import { loadSigningKey } from "../../inference-sidecar/src/decision-log/signing-key.ts";
import { addEvidence, findingOf, noEvidence } from "../../inference-sidecar/src/ladder/evidence.ts";
import type { RouteRecord } from "../../inference-sidecar/src/ladder/route-record.ts";
import { stepByEvidence, type Tallies } from "../../inference-sidecar/src/ladder/steps.ts";
import { describeConfiguration } from "../../inference-sidecar/src/maturity/configuration.ts";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import { reportOf } from "../../scripts/report/observe.ts";
import { Random } from "../core/random.ts";

const START = Date.UTC(2026, 2, 3);
const DAY_MS = 86_400_000;
const REQUESTS = 36_000;
/** A tenth of the principals, and all who have no name. */
const IN_CANARY_PERCENT = 55;
const POLICY = "70".repeat(32);
/** From here on a campaign of attacks, which an operator knows for what they are; from there on good texts are denied. */
const CAMPAIGN = [9_000, 10_500] as const;
const FALSE_POSITIVES = 28_000;
const policy = `
version: 1
mode: prevent
routes:
  - { name: comments, match: { path: /comments/** }, public: true, mode: observe, ladder: { floor: observe, ceiling: prevent, promote: auto } }
`;
const nobody = () => ({ here: 0, above: 0 });
const unreviewed = (): Tallies["route"] => ({ benign: nobody(), attacks: nobody(), operators: 2, benignScores: [] });

test("a day takes a route from observe up to prevent by evidence, and back by reviews; report and recomputation agree", async () => {
  const state = await mkdtemp(join(tmpdir(), "climb-"));
  try {
    const route = await recordClimb(state);
    assert.equal(route.rung, "detect");
    const report = await reportOf(state);
    const [comments] = report.routes;
    const steps = comments?.moves.map(({ kind, from, to }) => `${kind} ${from} ${to}`);
    assert.deepEqual(steps, [
      "canary observe detect",
      "promote observe detect",
      "canary detect prevent",
      "promote detect prevent",
      "demote prevent detect",
    ]);
    assert.equal(comments?.rung, "detect");
    assert.deepEqual(Object.keys(comments?.rungs ?? {}).sort(), ["detect", "observe", "prevent"]);
    assert.ok((comments?.wouldDeny ?? 0) > 300, "attacks were seen before they were denied");
    assert.ok((comments?.denied ?? 0) > 10);
    const script = fileURLToPath(new URL("./recompute.py", import.meta.url));
    const { stdout } = await promisify(execFile)("python3", [script, state], { maxBuffer: 1 << 24 });
    const { public: _, ...ours } = comments ?? {};
    assert.deepEqual(JSON.parse(JSON.stringify(ours)), JSON.parse(stdout).routes[0]);
  } finally {
    await rm(state, { recursive: true, force: true });
  }
});

/** The ladder's own steps, asked for after every hundred decisions. */
async function recordClimb(state: string): Promise<RouteRecord> {
  const random = new Random(7);
  const { policy: parsed } = await parsePolicy(policy, join(state, "policy.yaml"));
  const ladder = parsed.routes[0]?.ladder ?? assert.fail();
  let now = START;
  const log = await openLog(state, () => new Date(now));
  await log.declare({ v: 1, time: iso(now), configuration: describeConfiguration(parsed, POLICY) });
  let route: RouteRecord = {
    ...{ route: "comments", mode: "observe", rung: "observe", evidence: noEvidence(iso(now)), canary: null },
    ...{ proposed: null, pinned: false, modelDeny: 0, unlogged: null },
  };
  let tallies: Tallies = { route: unreviewed(), canary: null };
  let lines: object[] = [];
  for (let index = 0; index < REQUESTS; index += 1) {
    now = START + Math.floor((index / REQUESTS) * DAY_MS);
    const attack = index >= CAMPAIGN[0] && index < CAMPAIGN[1] && random.chance(40);
    const denied = attack || (index >= FALSE_POSITIVES && random.chance(2));
    const inCanary = route.canary !== null && random.chance(IN_CANARY_PERCENT);
    const rung = inCanary && route.canary !== null ? route.canary.rung : route.rung;
    const line = logLine(wireRecord(random, index, now, rung, denied), origin, iso(now), null) as LogRecord;
    lines.push(line);
    addEvidence(inCanary && route.canary !== null ? route.canary.evidence : route.evidence, line);
    const tally = inCanary && tallies.canary !== null ? tallies.canary : tallies.route;
    for (const kind of findingOf(line)) (attack ? tally.attacks : tally.benign)[kind] += 1;
    if (index % 100 !== 99) continue;
    const step = stepByEvidence(route, ladder, tallies, 2, iso(now));
    if (step === null) continue;
    const { kind, next } = step;
    const to = next.canary?.rung ?? next.rung;
    const move = { id: `${index}`, route: "comments", kind, from: route.rung, to, by: { kind: "evidence" } };
    lines.push({ v: 1, time: iso(now), move: { ...move, evidence: route.evidence } });
    route = next;
    tallies = { route: unreviewed(), canary: next.canary === null ? null : unreviewed() };
    await log.append(lines, () => undefined);
    lines = [];
  }
  await log.append(lines, () => undefined);
  await log.close();
  return route;
}

const origin = {
  worker: "c1".repeat(16),
  policy: POLICY,
  bundle: "b0".repeat(32),
  module: "a0".repeat(32),
  pseudonym: () => "",
};

function wireRecord(random: Random, index: number, time: number, rung: string, denied: boolean): WireRecord {
  const deny = denied && rung === "prevent";
  const [reason, wouldDeny] = deny ? ["attack_scored", ""] : ["permitted", denied ? "attack_scored" : ""];
  const none = {
    issuer: "",
    subject: Buffer.alloc(0),
    workload: "",
    grant: "",
    token: "absent",
    expiredGrant: "",
    apiKey: "",
    pathShape: "",
  };
  const score = { scoredBy: "MODEL", scoreMillionths: denied ? 990_000 : 1_000, attackClass: "SQLI", uninspected: "" };
  const finding = denied ? { field: "form:text", start: 5, end: 40, decodings: [] } : null;
  return {
    sequence: index + 1,
    decisionId: random.bytes(16),
    evidence: null,
    completion: { responseStatus: deny ? 403 : 200, responseBytes: 100, ended: "" },
    decision: {
      ...{
        timeUnixMs: time,
        method: "POST",
        route: "comments",
        rung,
        effect: deny ? "deny" : "permit",
        reason,
        wouldDeny,
      },
      ...{ ...none, ...score, finding, timings: null, checks: 1, selfTest: false },
    },
  } as WireRecord;
}

async function openLog(state: string, now: () => Date): Promise<SealedLog> {
  return new SealedLog({
    ...{ directory: await makeLogDirectory(state), key: await loadSigningKey(state), sequences: new WorkerSequences() },
    ...{ rotationBytes: 1 << 24, retentionBytes: 1 << 30, retentionDays: 90, headMs: 3_600_000, end: GENESIS },
    ...{ unsealed: 0, torn: 0, now, onUpkeepFailed: (error) => assert.fail(error) },
  });
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
