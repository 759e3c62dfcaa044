import assert from "node:assert/strict";
import { test } from "node:test";
import { RecentDecisions } from "../../inference-sidecar/src/dashboard/recent.ts";
import { GENESIS } from "../../inference-sidecar/src/decision-log/chain.ts";
import { RecordLine } from "../../inference-sidecar/src/decision-log/record-line.ts";
import { recordOrigin } from "../../inference-sidecar/src/decision-log/record-origin.ts";
import { Sealer } from "../../inference-sidecar/src/decision-log/sealed-lines.ts";
import type { WireCompletion, WireDecision, WireRecord } from "../../inference-sidecar/src/decision-log/wire-record.ts";

const origin = recordOrigin({
  worker: "a".repeat(32),
  policy: "b".repeat(64),
  bundle: "c".repeat(64),
  module: "d".repeat(64),
  pseudonym: () => "",
  subjects: "pseudonymised",
});
const nothing = { ...{ workload: "", grant: "", token: "", expiredGrant: "", apiKey: "", issuer: "", pathShape: "" } };
const decision = {
  ...{ timeUnixMs: 0, method: "GET", route: "r", rung: 2, effect: 0, reason: "permitted", wouldDeny: "", ...nothing },
  ...{ subject: Buffer.alloc(0), scoredBy: 0, scoreMillionths: 0, attackClass: 0, finding: null, uninspected: "" },
  ...{ timings: null, checks: 0, surprisalMillibits: 0, usualMillibits: 0, selfTest: false },
} satisfies WireDecision;
const probe = { bundle: "c".repeat(64), id: "f".repeat(32), time: "" };
const completion: WireCompletion = { responseStatus: 200, responseBytes: 7, ended: "" };

function lineOf(number: number, parts: Partial<WireRecord>) {
  const decisionId = Buffer.alloc(16);
  decisionId.writeUInt32BE(number);
  const record = { sequence: number + 1, decisionId, decision: null, completion: null, evidence: null, ...parts };
  return new RecordLine(record, origin, 0, null);
}

/** With what else stands between decisions in the log. */
function add(recent: RecentDecisions, lines: RecordLine[]): void {
  const all = [{ v: 1, gap: { first: 1, last: 2 } }, ...lines, { ...probe, selfTest: true }];
  recent.add(lines, new Sealer().seal(all, GENESIS).bytes);
}

const statuses = (recent: RecentDecisions, mark: number) =>
  recent
    .since(mark)
    .decisions.map(({ record }) => [Number.parseInt(record.id.slice(0, 8), 16), record.response?.status]);

test("a completion shows its decision again, wherever that came, in the place of its newest line", () => {
  const recent = new RecentDecisions();
  add(recent, [lineOf(1, { decision }), lineOf(2, { decision, completion })]);
  assert.deepEqual(statuses(recent, 0), [
    [1, undefined],
    [2, 200],
  ]);
  const { mark } = recent;
  assert.deepEqual(statuses(recent, mark), []);
  add(recent, [lineOf(1, { completion }), lineOf(9, { completion })]);
  assert.deepEqual(statuses(recent, mark), [[1, 200]], "of a decision that nobody remembers nothing is shown");
  assert.deepEqual(statuses(recent, 0), [
    [2, 200],
    [1, 200],
  ]);
  assert.deepEqual(recent.since(0).counts, { total: 2, byEffect: { permit: 2 }, byReason: { permitted: 2 } });
});

test("the last 500 are remembered, however they came", () => {
  for (const sizes of [[1], [7], [300], [1_200], [300, 2, 90]]) {
    const recent = new RecentDecisions();
    let count = 0;
    for (let turn = 0; count < 1_200; turn++) {
      const first = count;
      const size = sizes[turn % sizes.length] as number;
      add(
        recent,
        Array.from({ length: size }, (_, index) => lineOf(first + index, { decision, completion })),
      );
      count += size;
    }
    const expected = Array.from({ length: 500 }, (_, index) => [count - 500 + index, 200]);
    assert.deepEqual(statuses(recent, 0), expected);
  }
});

test("completions find their decisions without looking through all that is remembered for each", () => {
  const recent = new RecentDecisions();
  const each = 240;
  let looked = 0;
  for (let first = 0; first < 40 * each; first += each) {
    const numbers = Array.from({ length: each }, (_, index) => first + index);
    const { mark } = recent;
    const before = numbers.filter((number) => number >= each).map((number) => lineOf(number - each, { completion }));
    add(recent, [...numbers.map((number) => lineOf(number, { decision })), ...before]);
    const start = process.cpuUsage();
    const shown = statuses(recent, mark);
    looked += process.cpuUsage(start).user;
    if (first > 0) assert.deepEqual(shown.at(-1), [first - 1, 200]);
  }
  assert.ok(looked < 400_000, `${looked} µs`);
});
