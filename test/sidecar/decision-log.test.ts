import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { addLine, canonical, GENESIS, parseLine } from "../../inference-sidecar/src/decision-log/chain.ts";
import { LineBytes } from "../../inference-sidecar/src/decision-log/line-bytes.ts";
import { printable } from "../../inference-sidecar/src/decision-log/printable.ts";
import { loadPseudonym } from "../../inference-sidecar/src/decision-log/pseudonym.ts";
import type { CompletionLine, LogRecord } from "../../inference-sidecar/src/decision-log/record.ts";
import { RecordLine } from "../../inference-sidecar/src/decision-log/record-line.ts";
import { recordOrigin } from "../../inference-sidecar/src/decision-log/record-origin.ts";
import { sortOut, WorkerSequences } from "../../inference-sidecar/src/decision-log/sequences.ts";
import type { WireRecord } from "../../inference-sidecar/src/decision-log/wire-record.ts";
import { temporaryFolder } from "./harness.ts";

const origin = recordOrigin({
  worker: "w",
  policy: "p",
  bundle: "b",
  module: "m",
  pseudonym: () => "s",
  subjects: "clear",
});

test("printable text is bounded, has no control characters and survives JSON", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), fc.integer({ min: 1, max: 64 }), (text, most) => {
      const result = printable(text, most);
      assert.ok(result.length <= most);
      assert.doesNotMatch(result, /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e]/u);
      assert.equal(JSON.parse(JSON.stringify(result)), result);
    }),
  );
  assert.equal(printable("abc", 3), "abc");
  assert.equal(printable("abcd", 3), "ab…");
});

test("the line of any record is canonical JSON as it stands", () => {
  const text = fc.string({ unit: "binary", maxLength: 40 });
  const edges = [0, 9, 10, 999_999, 1_000_000, 2 ** 31, 2 ** 32 - 1];
  const uint = fc.oneof(fc.constantFrom(...edges), fc.nat({ max: 1_000_000 }), fc.nat({ max: 2 ** 32 - 1 }));
  const long = fc.oneof(uint, fc.maxSafeNat(), fc.constant(Number.MAX_SAFE_INTEGER));
  const finding = fc.record({
    field: text,
    start: fc.nat(),
    end: fc.nat(),
    decodings: fc.array(text, { maxLength: 3 }),
  });
  const decision = fc.record({
    timeUnixMs: fc.nat(),
    ...Object.fromEntries(
      [
        "method",
        "route",
        "reason",
        "wouldDeny",
        "issuer",
        "workload",
        "grant",
        "token",
        "expiredGrant",
        "apiKey",
        "pathShape",
      ].map((name) => [name, text]),
    ),
    subject: fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes)),
    rung: fc.nat({ max: 9 }),
    effect: fc.nat({ max: 9 }),
    scoredBy: fc.nat({ max: 9 }),
    scoreMillionths: uint,
    attackClass: fc.constantFrom(1, 99),
    finding: fc.option(finding),
    uninspected: text,
    timings: fc.option(fc.record({ requestUs: uint, screenUs: uint })),
    checks: fc.nat(),
    surprisalMillibits: uint,
    usualMillibits: uint,
    selfTest: fc.boolean(),
  });
  const completion = fc.record({ responseStatus: uint, responseBytes: long, ended: text });
  const record = fc.record({ sequence: long, decision: fc.option(decision), completion: fc.option(completion) });
  // Smaller than most lines: it grows.
  const out = new LineBytes(300);
  fc.assert(
    fc.property(record, (one) => {
      const wire = { ...one, decisionId: randomBytes(16) } as unknown as WireRecord;
      const made = new RecordLine(wire, origin, 0, null);
      out.clear();
      addLine(out, GENESIS, made);
      const line = out.from(0).toString();
      assert.equal(line, canonical(JSON.parse(line)));
      assert.deepEqual(made.read(), { ...JSON.parse(line), n: 0, prev: "" });
      assert.deepEqual(parseLine(line)?.n, 1);
      assert.deepEqual(saidBy(JSON.parse(line)), meantBy(wire));
    }),
  );
});

test("a line says what its own decision says, however like the one before it is", () => {
  const texts = { method: "GET", route: "orders", reason: "permitted", wouldDeny: "", issuer: "shop", workload: "" };
  const others = { grant: "orders/0", token: "valid", expiredGrant: "", apiKey: "", pathShape: "", uninspected: "" };
  const numbers = { timeUnixMs: 0, rung: 2, effect: 0, scoredBy: 1, scoreMillionths: 0, attackClass: 0, checks: 1 };
  const nothing = { finding: null, timings: null, surprisalMillibits: 0, usualMillibits: 0, selfTest: false };
  const decision = { ...texts, ...others, ...numbers, ...nothing, subject: Buffer.alloc(0) };
  const read = (changes: object) => {
    const wire = { sequence: 1, decisionId: Buffer.alloc(16), decision: { ...decision, ...changes }, completion: null };
    return flat(new RecordLine(wire as unknown as WireRecord, origin, 0, null).read());
  };
  const changes: readonly (readonly [change: object, member: string, value: unknown])[] = [
    ...["method", "route", "reason", "wouldDeny"].map((name) => [{ [name]: "x" }, name, "x"] as const),
    ...["apiKey", "expiredGrant", "grant", "issuer", "token", "workload"].map(
      (name) => [{ [name]: "x" }, `subject.${name}`, "x"] as const,
    ),
    [{ pathShape: "x" }, "shape", "x"],
    [{ uninspected: "x" }, "score.uninspected", "x"],
    [{ scoreMillionths: 5 }, "score.value", 0.000005],
    [{ scoredBy: 3 }, "score.by", "screen_alone"],
    [{ rung: 1 }, "rung", "detect"],
    [{ effect: 1 }, "effect", "deny"],
    [{ checks: 2 }, "checks", ["service_authenticated"]],
    [{ selfTest: true }, "selfTest", true],
  ];
  for (const [change, member, value] of changes) {
    const before = read({});
    assert.deepEqual(read(change), { ...before, [member]: value });
    assert.deepEqual(read({}), before);
  }
});

/** A line's members by their paths. */
function flat(line: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(line).flatMap(([name, value]) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.entries(flat(value)).map(([inner, one]) => [`${name}.${inner}`, one])
        : [[name, value]],
    ),
  );
}

/** The numbers of a line, and two of its texts. */
function saidBy(line: LogRecord | CompletionLine) {
  const response = line.response && [line.response.bytes, line.response.status, line.response.ended];
  if ("completes" in line) return [line.sequence, response, line.time];
  const { score, timingsUs, method, reason } = line;
  const { value, surprisal, finding } = score;
  const place = finding && [finding.start, finding.end, finding.decodings.length];
  const seen = [value, surprisal, place, timingsUs.request, timingsUs.screen, timingsUs.inference];
  return [line.sequence, response, line.time, ...seen, method, reason];
}

function meantBy({ sequence, completion, decision }: WireRecord) {
  const response = completion && [
    ...[completion.responseBytes, completion.responseStatus, printable(completion.ended, 64) || null],
  ];
  if (decision === null) return [sequence, response, new Date(0).toISOString()];
  const { finding, timings, usualMillibits, surprisalMillibits } = decision;
  const surprisal = usualMillibits && { bits: surprisalMillibits / 1_000, usual: usualMillibits / 1_000 };
  const place = finding && [finding.start, finding.end, finding.decodings.length];
  const seen = [decision.scoreMillionths / 1_000_000, surprisal || null, place];
  return [
    ...[sequence, response, new Date(decision.timeUnixMs).toISOString(), ...seen],
    ...[timings?.requestUs ?? 0, timings?.screenUs ?? 0, 0],
    ...[printable(decision.method, 32), printable(decision.reason, 64)],
  ];
}

test("whatever comes, in whatever order of reports, each sequence is written once and each miss is told", () => {
  const sequences = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 30 });
  fc.assert(
    fc.property(fc.array(sequences, { maxLength: 6 }), (reports) => {
      let last = 0;
      const seen: number[] = [];
      for (const report of reports) {
        const records = report.sort((a, b) => a - b).map((sequence) => ({ sequence }));
        const sorted = sortOut(records, last);
        for (const record of sorted.news) {
          const { first, last: end } = sorted.gaps.get(record) ?? { first: 1, last: 0 };
          for (let missing = first; missing <= end; missing += 1) seen.push(missing);
          seen.push(record.sequence);
        }
        last = sorted.last;
      }
      assert.deepEqual(
        seen,
        Array.from({ length: last }, (_, index) => index + 1),
      );
    }),
  );
});

test("the workers that are remembered are bounded; the one silent for longest is forgotten", () => {
  const sequences = new WorkerSequences();
  for (let index = 0; index < 1025; index += 1) {
    sequences.set(`worker-${index}`, { last: 5, lost: 0 });
    sequences.set("busy", { last: index, lost: 0 });
  }
  assert.equal(sequences.of("worker-0").last, 0);
  assert.equal(sequences.of("worker-1024").last, 5);
  assert.equal(sequences.of("busy").last, 1024);
});

test("a key that others may read, that is short or a symbolic link is refused", async (t) => {
  const state = await temporaryFolder();
  t.after(() => rm(state, { recursive: true }));
  const path = join(state, "keys", "pseudonym.key");
  await mkdir(join(state, "keys"));
  const refused = { code: "state_directory" };
  await writeFile(path, randomBytes(32), { mode: 0o644 });
  await assert.rejects(loadPseudonym(state), refused);
  await chmod(path, 0o600);
  const pseudonym = await loadPseudonym(state);
  assert.equal(pseudonym("demo", Buffer.from("a")), (await loadPseudonym(state))("demo", Buffer.from("a")));
  assert.notEqual(pseudonym("demo", Buffer.from("a")), pseudonym("dem", Buffer.from("oa")));
  await writeFile(path, randomBytes(31));
  await assert.rejects(loadPseudonym(state), refused);
  await rm(path);
  await symlink("/dev/zero", path);
  await assert.rejects(loadPseudonym(state), refused);
});
