import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import { compileEntry } from "../../harness/compile-entry.ts";

type Runtime = {
  reset(count: number): void;
  put(shelf: number, size: number, fill: number): void;
  drop(shelf: number): void;
  clear(shelf: number): void;
  look(shelf: number, index: number): number;
  sizeOf(shelf: number, index: number): number;
  countOf(shelf: number): number;
  litter(count: number): void;
  grow(count: number): number;
  collect(): void;
  pages(): number;
};

const SHELVES = 4;

let runtime: Runtime;
let memory: { __new(size: number, id: number): number; __pin(pointer: number): number; __unpin(pointer: number): void };
let bytesAt: (pointer: number, length: number) => Uint8Array;

before(async () => {
  const { exports } = await compileEntry<Runtime>("test/filter/entries/runtime-entry.ts");
  runtime = exports;
  memory = exports as unknown as typeof memory;
  bytesAt = (pointer, length) => new Uint8Array(exports.memory?.buffer ?? new ArrayBuffer(0), pointer, length);
});

const shelf = fc.nat(SHELVES - 1);
/** Around every size of a cell, and beyond the largest. */
const size = fc.oneof(fc.nat(300), fc.nat(2_100), fc.integer({ min: 2_000, max: 2_050 }), fc.nat(70_000));
const step = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant("put" as const), shelf, size, fc.integer({ min: 1, max: 255 })) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("drop" as const), shelf) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("clear" as const), shelf) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("litter" as const), fc.nat(200)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("collect" as const)) },
);

test("what is referred to stays as it is, whatever is allocated, forgotten and collected around it", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const model: { size: number; fill: number }[][] = Array.from({ length: SHELVES }, () => []);
      runtime.reset(SHELVES);
      for (const [name, ...args] of steps) {
        const [first = 0, bytes = 0, fill = 0] = args;
        (runtime[name] as (...values: number[]) => void)(...args);
        if (name === "put") model[first]?.push({ size: bytes, fill });
        else if (name === "drop") model[first]?.pop();
        else if (name === "clear") model[first] = [];
      }
      runtime.collect();
      runtime.litter(500);
      for (const [index, buffers] of model.entries()) {
        assert.equal(runtime.countOf(index), buffers.length);
        for (const [at, expected] of buffers.entries()) {
          assert.equal(runtime.sizeOf(index, at), expected.size);
          assert.equal(runtime.look(index, at), expected.size === 0 ? 0 : expected.fill);
        }
      }
    }),
    { numRuns: 150 },
  );
});

test("memory stays as it is under the same work again and again, whatever sizes it has", () => {
  runtime.reset(SHELVES);
  const work = (round: number) => {
    for (let i = 0; i < 400; i++) runtime.put(i % SHELVES, (i * 53 + round * 7) % 2_600, 1 + (i % 255));
    runtime.litter(2_000);
    for (let index = 0; index < SHELVES; index++) runtime.clear(index);
    runtime.collect();
  };
  for (let round = 0; round < 20; round++) work(round);
  const before = runtime.pages();
  for (let round = 0; round < 400; round++) work(round);
  assert.ok(runtime.pages() <= before + 2, `${runtime.pages()} pages after ${before}`);
});

test("a list that grows keeps what is in it", () => {
  for (const count of [0, 1, 7, 8, 500, 5_000, 100_000]) {
    assert.equal(runtime.grow(count), ((count * (count - 1)) / 2) | 0);
    runtime.collect();
  }
});

test("a pin keeps an object, as many times as it was pinned", () => {
  const length = 48;
  const pointer = memory.__pin(memory.__new(length, 1));
  memory.__pin(pointer);
  bytesAt(pointer, length).fill(7);
  memory.__unpin(pointer);
  runtime.collect();
  runtime.litter(5_000);
  assert.ok(bytesAt(pointer, length).every((byte) => byte === 7));
  memory.__unpin(pointer);
});
