import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import protobuf from "protobufjs";
import { compileEntry } from "../../harness/compile-entry.ts";

type Queue = {
  reset(): void;
  add(policy: number, fill: number, decision: number, completion: number, evidence: number): number;
  drop(last: number): void;
  dropEvidence(): void;
  first(): number;
  count(): number;
  size(): number;
  batch(most: number, bytesMost: number): number;
  policy(): number;
  isDurable(): number;
  slice(count: number): number;
};

/** A record as it was added; sizes of its fields. */
interface Added {
  readonly sequence: number;
  readonly policy: number;
  readonly fill: number;
  readonly decision: number;
  readonly completion: number;
  readonly evidence: number;
}

const RECORDS_MOST = 8_192;
let queue: Awaited<ReturnType<typeof compileEntry<Queue>>>["exports"];

before(async () => {
  queue = (await compileEntry<Queue>("test/filter/entries/record-queue-entry.ts")).exports;
});

/** What the sidecar would read of so many of the oldest. */
function read(count: number): Omit<Added, "policy">[] {
  const reader = protobuf.Reader.create(queue.__getUint8Array(queue.slice(count)).slice());
  const records: Omit<Added, "policy">[] = [];
  while (reader.pos < reader.len) {
    assert.equal(reader.uint32(), (5 << 3) | 2);
    const end = reader.uint32() + reader.pos;
    const sizes = new Map<number, number>();
    const fills = new Set<number>();
    let sequence = 0;
    while (reader.pos < end) {
      const field = reader.uint32() >>> 3;
      if (field === 1) {
        sequence = reader.uint32();
        continue;
      }
      const bytes = reader.bytes();
      sizes.set(field, bytes.length);
      for (const byte of bytes) fills.add(byte);
    }
    assert.equal(reader.pos, end);
    assert.deepEqual([sizes.get(2), fills.size], [16, 1]);
    const of = (field: number, none: number) => sizes.get(field) ?? none;
    const [fill = -1] = fills;
    records.push({ sequence, fill, decision: of(3, 0), completion: of(4, -1), evidence: of(5, 0) });
  }
  return records;
}

const size = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 400 }) },
  { weight: 1, arbitrary: fc.integer({ min: 100, max: 40_000 }) },
);
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      policy: fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 2, 3),
      fill: fc.integer({ min: 0, max: 255 }),
      decision: size,
      completion: fc.integer({ min: -1, max: 20 }),
      evidence: fc.oneof(fc.constant(0), size),
    }),
  },
  { weight: 2, arbitrary: fc.record({ dropped: fc.integer({ min: -20, max: 120 }) }) },
  { weight: 1, arbitrary: fc.constant("dropEvidence" as const) },
);

test("what is added comes out as it was, in its order, until it is dropped; evidence can be cut off", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 300 }), (steps) => {
      queue.reset();
      let kept: Added[] = [];
      let next = 1;
      for (const one of steps) {
        if (one === "dropEvidence") {
          queue.dropEvidence();
          kept = kept.map((record) => ({ ...record, evidence: 0 }));
        } else if ("dropped" in one) {
          const last = Math.floor((kept[0]?.sequence ?? next) - 1 + (one.dropped / 100) * kept.length);
          queue.drop(Math.max(0, last));
          kept = kept.filter(({ sequence }) => sequence > last);
        } else {
          const { policy, fill, decision, completion, evidence } = one;
          assert.equal(queue.add(policy, fill, decision, completion, evidence), next);
          kept.push({ sequence: next++, ...one });
        }
        assert.deepEqual([queue.count(), queue.first()], [kept.length, kept[0]?.sequence ?? next]);
      }
      assert.deepEqual(
        read(kept.length),
        kept.map(({ policy: _, ...record }) => record),
      );
      assert.equal(queue.size(), queue.__getUint8Array(queue.slice(kept.length)).length);
      for (const { sequence, policy } of kept) {
        assert.deepEqual([queue.policy(), queue.isDurable()], [policy, policy === 3 ? 1 : 0]);
        queue.drop(sequence);
      }
      queue.__collect();
    }),
    { numRuns: 150 },
  );
});

test("a batch is of one policy, and within both limits, if it is more than one record", () => {
  const record = fc.record({ policy: fc.constantFrom(0, 0, 0, 0, 1), decision: size });
  const limits = fc.record({ most: fc.integer({ min: 1, max: 60 }), bytes: fc.integer({ min: 0, max: 50_000 }) });
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 100 }), limits, (records, { most, bytes }) => {
      queue.reset();
      for (const { policy, decision } of records) queue.add(policy, 7, decision, -1, 0);
      for (let from = 0; from < records.length; ) {
        const count = queue.batch(most, bytes);
        const batch = records.slice(from, from + count);
        assert.ok(count >= 1 && count <= most && batch.length === count);
        assert.equal(new Set(batch.map(({ policy }) => policy)).size, 1);
        assert.ok(count === 1 || queue.__getUint8Array(queue.slice(count)).length <= bytes);
        const unlimited = queue.batch(most, 1 << 30);
        const following = records[from + unlimited];
        assert.ok(unlimited === most || following === undefined || following.policy !== batch[0]?.policy);
        queue.drop(queue.first() + count - 1);
        from += count;
      }
      assert.equal(queue.count(), 0);
    }),
  );
});

test("it holds as many as it says, over and over", () => {
  queue.reset();
  for (let round = 0; round < 5; round++) {
    while (queue.count() < RECORDS_MOST) queue.add(0, queue.count() & 255, 10, 3, 0);
    const first = queue.first();
    assert.equal(read(RECORDS_MOST).length, RECORDS_MOST);
    queue.drop(first + 999 + round * 1_000);
    assert.equal(read(1)[0]?.sequence, first + 1_000 + round * 1_000);
  }
});
