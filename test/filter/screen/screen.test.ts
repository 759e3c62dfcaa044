import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import fc from "fast-check";
import { arbitraryWeights, compiledScreen, RESERVED_END, SEGMENT_OFFSET, segmentOf } from "./compiled-screen.ts";
import { referenceWorstWindow, stepWeights } from "./reference-screen.ts";

const TABLE_BITS = 12;
const weights = arbitraryWeights(TABLE_BITS);
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function largestRun(steps: number[]): number {
  let best = 0;
  let ending = 0;
  for (const step of steps) {
    ending = Math.max(0, ending + step);
    best = Math.max(best, ending);
  }
  return best;
}

describe("the screen", () => {
  let screen: Awaited<ReturnType<typeof compiledScreen>>;
  before(async () => {
    screen = await compiledScreen();
  });

  it("gives the sums and windows of the reference", () => {
    screen.put(segmentOf(weights));
    const value = fc.oneof(fc.uint8Array({ maxLength: 700 }), fc.string({ maxLength: 400 }).map(bytesOf));
    fc.assert(
      fc.property(value, (bytes) => {
        const { sum, start, end } = screen.screen(bytes);
        assert.deepEqual({ sum, start, end }, referenceWorstWindow(bytes, weights, TABLE_BITS));
      }),
      { numRuns: 150 },
    );
  });

  it("gives them of long values as well, whose runs are shorter or longer than a window", () => {
    // Of what is likely an attack nearly all weights are above 0: runs are as long as the value.
    const hostile = arbitraryWeights(TABLE_BITS).map((weight) => Math.min(127, weight + 60));
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 2000 }), fc.stringMatching(/^[a-f ]{0,2000}$/).map(bytesOf));
    for (const table of [weights, hostile]) {
      screen.put(segmentOf(table));
      fc.assert(
        fc.property(fc.array(bytes, { minLength: 1, maxLength: 3 }), (parts) => {
          const value = Buffer.concat(parts);
          const { sum, start, end } = screen.screen(value);
          assert.deepEqual({ sum, start, end }, referenceWorstWindow(value, table, TABLE_BITS));
        }),
        { numRuns: 40 },
      );
    }
  });

  it("keeps a window within 256 bytes and within the value, and never traps", () => {
    screen.put(segmentOf(weights));
    const long = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 2000 }));
    fc.assert(
      fc.property(long, ([unit, times]) => {
        const bytes = Uint8Array.from(
          { length: unit.length * times },
          (_, index) => unit[index % unit.length] as number,
        );
        const { score, start, end } = screen.screen(bytes);
        assert.ok(score <= 1_000_000);
        assert.ok(0 <= start && start < end && end <= bytes.length && end - start <= 256);
      }),
      { numRuns: 100 },
    );
  });

  it("gives an empty value no window", () => {
    screen.put(segmentOf(new Int8Array(2 ** TABLE_BITS).fill(-1)));
    assert.deepEqual(screen.screen(new Uint8Array(0)), { score: 2473, sum: 0, start: 0, end: 0 });
  });

  it("finds an attack before and behind any padding, with no lower sum than its own n-grams give", () => {
    screen.put(segmentOf(weights));
    const attack = bytesOf("1 UNION SELECT password FROM users");
    const inner = largestRun(stepWeights(attack, weights, TABLE_BITS).slice(3, -1));
    assert.ok(inner > 0);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.uint8Array({ maxLength: 3000 }), (ahead, behind) => {
        assert.ok(screen.screen(Buffer.concat([ahead, attack, behind])).sum >= inner);
      }),
      { numRuns: 60 },
    );
  });

  it("gives probabilities that never fall while the sum rises", () => {
    let last = -1;
    for (let weight = 0; weight <= 127; weight++) {
      screen.put(segmentOf(new Int8Array(2 ** TABLE_BITS).fill(weight), { scale: 0.05 }));
      const { score, sum } = screen.screen(bytesOf("aaaa"));
      assert.equal(sum, weight * 4 * 5);
      assert.ok(score >= last && score <= 1_000_000);
      last = score;
    }
    assert.equal(last, 1_000_000);
  });

  it("is not ready, and certain of an attack, without a segment or with garbage", () => {
    screen.put(new Uint8Array(0));
    assert.equal(screen.exports.screenReady(), 0);
    assert.equal(screen.screen(bytesOf("hello")).score, 1_000_000);
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 64, maxLength: 400 }),
        fc.uint8Array({ maxLength: 300 }),
        (garbage, value) => {
          screen.put(garbage);
          assert.equal(screen.exports.screenReady(), 0);
          assert.ok(screen.screen(value).end <= value.length);
          assert.deepEqual(screen.digest(), new Uint8Array(32));
        },
      ),
    );
  });

  it("refuses a segment with any single field out of its range", () => {
    const good = segmentOf(weights);
    screen.put(good);
    assert.equal(screen.exports.screenReady(), 1);
    const outOfRange: [number, number[]][] = [
      [0, [0]],
      [4, [2]],
      [6, [7]],
      [6, [20]],
      [6, [255]],
      [6, [TABLE_BITS + 1]],
      [7, [2]],
      [40, [0xff, 0xff, 0xff, 0x7f]],
      [44, [0x41, 0x42, 0x0f, 0]],
      [48, [0x41, 0x42, 0x0f, 0]],
      [52, [0, 0, 0xc0, 0x7f]],
      [52, [0, 0, 0x80, 0x7f]],
      [56, [0, 0, 0, 0]],
      [56, [0, 0, 0x80, 0xbf]],
      [56, [0, 0, 0xc0, 0x7f]],
      [60, [0, 0, 0, 0]],
    ];
    for (const [offset, bytes] of outOfRange) {
      const bad = Uint8Array.from(good);
      bad.set(bytes, offset);
      screen.put(bad);
      assert.equal(screen.exports.screenReady(), 0, `bytes ${bytes} at ${offset}`);
    }
  });

  it("takes the largest table and gives digest and thresholds", () => {
    const largest = segmentOf(new Int8Array(2 ** 19).fill(1), {
      clearBelow: 1,
      denyAlone: 999_999,
      modelDeny: 500_000,
    });
    assert.ok(SEGMENT_OFFSET + largest.length <= RESERVED_END);
    screen.put(largest);
    assert.equal(screen.exports.screenReady(), 1);
    assert.deepEqual(screen.digest(), new Uint8Array(32).fill(0xd1));
    assert.deepEqual(
      [screen.exports.clearBelow(), screen.exports.denyAlone(), screen.exports.modelDeny()],
      [1, 999_999, 500_000],
    );
    assert.equal(screen.screen(Uint8Array.of(255)).sum, 8);
  });
});
