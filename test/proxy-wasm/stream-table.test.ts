import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import { compileEntry } from "../harness/compile-entry.ts";

type Table = {
  reset(): void;
  add(id: number): void;
  remove(id: number): void;
  find(id: number): number;
};

let table: Table;

before(async () => {
  table = (await compileEntry<Table>("test/filter/entries/stream-table-entry.ts")).exports;
});

/** Ids that meet in one place, and ids that don't; enough of both that the table grows. */
const id = fc.oneof(
  fc.integer({ min: 1, max: 20 }).map((times) => 256 * times + 3),
  fc.integer({ min: 1, max: 20 }).map((times) => 256 * times - 1),
  fc.integer({ min: 1, max: 2_000 }),
);

test("live streams are found by their ids, those that are gone and those that never were are not", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), id), { maxLength: 1_200 }), (steps) => {
      table.reset();
      const live = new Set<number>();
      for (const [adds, one] of steps) {
        if (adds && !live.has(one)) table.add(one);
        else table.remove(one);
        if (adds && !live.has(one)) live.add(one);
        else live.delete(one);
      }
      for (const [, one] of steps) assert.equal(table.find(one), live.has(one) ? one : 0);
    }),
    { numRuns: 200 },
  );
});
