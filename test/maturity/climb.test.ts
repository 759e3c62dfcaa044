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
import type { LogRecord } from "../../inference-sidecar/src/decision-log/record.ts";
import { RecordLine } from "../../inference-sidecar/src/decision-log/record-line.ts";
import { recordOrigin } from "../../inference-sidecar/src/decision-log/record-origin.ts";
import { SealedLog } from "../../inference-sidecar/src/decision-log/sealed-log.ts";
import { WorkerSequences } from "../../inference-sidecar/src/decision-log/sequences.ts";
import { loadSigningKey } from "../../inference-sidecar/src/decision-log/signing-key.ts";
import { EFFECTS, SCORED_BY, type WireRecord } from "../../inference-sidecar/src/decision-log/wire-record.ts";
import { findingOf } from "../../inference-sidecar/src/ladder/evidence.ts";
import { Ladder } from "../../inference-sidecar/src/ladder/ladder.ts";
import type { Move, RouteRecord } from "../../inference-sidecar/src/ladder/route-record.ts";
import { describeConfiguration } from "../../inference-sidecar/src/maturity/configuration.ts";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import { MODES, type Mode } from "../../inference-sidecar/src/policy/policy.ts";
import { type Review, Reviews } from "../../inference-sidecar/src/review/reviews.ts";
import { Store } from "../../inference-sidecar/src/store/store.ts";
import { SyncedState } from "../../inference-sidecar/src/sync/synced-state.ts";
import { readLogLines } from "../../scripts/decision-log/read.ts";
import { reportOf } from "../../scripts/report/observe.ts";
import { Random } from "../harness/random.ts";

const START = Date.UTC(2026, 2, 3);
const DAY_MS = 86_400_000;
const REQUESTS = 22_000;
const BATCH = 300;
/** A tenth of the principals, and all who have no name. */
const IN_CANARY_PERCENT = 55;
const POLICY = "70".repeat(32);
/** From here on a campaign of attacks, which an operator knows for what they are; from there on good texts are denied. */
const CAMPAIGN = [9_000, 10_500] as const;
const FALSE_POSITIVES = 19_000;
const policy = `
version: 1
mode: prevent
operators: [{ name: ada, tokenSha256: ${"a".repeat(64)} }, { name: ben, tokenSha256: ${"b".repeat(64)} }]
routes:
  - { name: comments, match: { path: /comments/** }, public: true, mode: observe, ladder: { floor: observe, ceiling: prevent, promote: auto } }
`;
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
    assert.ok((comments?.denied ?? 0) >= 3, "good texts were denied");
    const lines: Record<string, unknown>[] = [];
    for await (const line of readLogLines(state)) lines.push(line);
    const moves = lines.filter((line) => "move" in line) as unknown as MoveLine[];
    for (const line of moves) {
      const { requests, here, above, days, budget, daysNeeded } = line.move.evidence;
      assert.deepEqual({ requests, here, above, days }, countedAnew(lines, line), line.move.kind);
      assert.deepEqual([budget, daysNeeded], [0.001, 1]);
    }
    assert.ok(
      moves.some(({ move }) => move.evidence.reviews.attacks.above > 300),
      "the campaign was reviewed",
    );
    assert.ok((moves.at(-1)?.move.evidence.reviews.benign.here ?? 0) >= 3, "good texts were");
    const script = fileURLToPath(new URL("./recompute.py", import.meta.url));
    const { stdout } = await promisify(execFile)("python3", [script, state], { maxBuffer: 1 << 24 });
    assert.deepEqual(JSON.parse(JSON.stringify(comments)), JSON.parse(stdout).routes[0]);
  } finally {
    await rm(state, { recursive: true, force: true });
  }
});

/** The sidecar's own ladder on the clock of the day, asked after each batch of decisions, and two operators who review. */
async function recordClimb(state: string): Promise<RouteRecord> {
  const random = new Random(7);
  const { policy: parsed } = await parsePolicy(policy, join(state, "policy.yaml"));
  let now = START;
  const clock = () => new Date(now);
  const log = await openLog(state, clock);
  await log.declare({ v: 1, time: iso(now), configuration: describeConfiguration(parsed, POLICY) });
  const store = await Store.open(state);
  const reviews = await Reviews.open(store.table("reviews"));
  const synced = new SyncedState(() => Buffer.alloc(0), join(state, "sync-state.bin"));
  const judge = () => ({ bundle: "", modelDeny: 900_000 });
  const ladder = new Ladder({ table: store.table("ladder"), log, reviews, synced, judge, now: clock });
  await ladder.follow({ digest: POLICY, policy: parsed });
  const standing = () => ladder.get("comments")?.record ?? assert.fail();
  let lines: RecordLine[] = [];
  for (let index = 0; index < REQUESTS; index += 1) {
    now = START + Math.floor((index / REQUESTS) * DAY_MS);
    const attack = index >= CAMPAIGN[0] && index < CAMPAIGN[1] && random.chance(40);
    const denied = attack || (index >= FALSE_POSITIVES && random.chance(2));
    const { canary } = standing();
    const rung = canary !== null && random.chance(IN_CANARY_PERCENT) ? canary.rung : standing().rung;
    lines.push(new RecordLine(wireRecord(random, index, now, rung, denied), origin, now, null));
    if (index % BATCH !== BATCH - 1) continue;
    await log.append(lines, () => undefined);
    const found: LogRecord[] = [];
    for (const line of lines) {
      if (line.decided !== null) ladder.count(line.decided);
      const record = line.read() as LogRecord;
      if (findingOf(record).length > 0) found.push(record);
    }
    await Promise.all(found.map((record) => reviews.put(reviewOf(record, index))));
    await ladder.reviewed("comments");
    lines = [];
  }
  const last = standing();
  await ladder.close();
  await Promise.all([log.close(), store.close()]);
  return last;
}

/** By the two operators in turn; the campaign is known for what it is. */
function reviewOf(line: LogRecord, index: number): Review {
  const { id, route, time } = line;
  const event = { route, rung: line.rung as Mode, time, kinds: findingOf(line), modelScore: 990_000 };
  const label = index < CAMPAIGN[1] ? "attack" : "benign";
  return { id, label, why: "seen", operator: id < "8" ? "ada" : "ben", time, event };
}

/** What a move rests on, counted anew from the lines before it. */
function countedAnew(lines: readonly Record<string, unknown>[], move: MoveLine): object {
  const end = lines.indexOf(move as never);
  const start = lines.findLastIndex(
    (line, index) => index < end && "move" in line && line.time === move.move.evidence.since,
  );
  const ofCanary = move.move.kind === "promote";
  const rung = ofCanary ? move.move.to : move.move.from;
  const own = lines.slice(start + 1, end).filter((line) => line.rung === rung) as unknown as LogRecord[];
  const kinds = own.flatMap(findingOf);
  return {
    requests: own.length,
    here: kinds.filter((kind) => kind === "here").length,
    above: kinds.filter((kind) => kind === "above").length,
    days: 1,
  };
}

interface MoveLine {
  readonly move: Pick<Move, "kind" | "from" | "to" | "evidence">;
}

const origin = recordOrigin({
  worker: "c1".repeat(16),
  policy: POLICY,
  bundle: "b0".repeat(32),
  module: "a0".repeat(32),
  pseudonym: () => "",
  subjects: "pseudonymised",
});

function wireRecord(random: Random, index: number, time: number, rung: Mode, denied: boolean): WireRecord {
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
  const score = {
    ...{
      scoredBy: SCORED_BY.indexOf("model"),
      scoreMillionths: denied ? 990_000 : 1_000,
      attackClass: 1,
      uninspected: "",
    },
    ...{ surprisalMillibits: 4_000, usualMillibits: 3_000 },
  };
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
        rung: MODES.indexOf(rung),
        effect: EFFECTS.indexOf(deny ? "deny" : "permit"),
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
    ...{ unsealed: 0, torn: 0, signed: false, now, onUpkeepFailed: (error) => assert.fail(error) },
  });
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
