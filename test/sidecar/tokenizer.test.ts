import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { tokenize } from "../../inference-sidecar/src/tokenizer.ts";

const window = fc.record({ bytes: fc.uint8Array({ maxLength: 12 }), edges: fc.integer({ min: 0, max: 23 }) });
const windows = fc.array(window, { minLength: 1, maxLength: 16 });

test("each row is its window's bytes, then padding, for both types", () => {
  fc.assert(
    fc.property(windows, fc.constantFrom("int32" as const, "uint8" as const), (given, type) => {
      const padding = type === "int32" ? 256 : 0;
      const tokens = tokenize(given, { name: "bytes", type, length: 8, padding });
      assert.equal(tokens.constructor, type === "int32" ? Int32Array : Uint8Array);
      assert.equal(tokens.length, given.length * 8);
      given.forEach(({ bytes }, row) => {
        const expected = [...bytes.subarray(0, 8), ...Array(8).fill(padding)].slice(0, 8);
        assert.deepEqual([...tokens.subarray(row * 8, row * 8 + 8)], expected);
      });
    }),
  );
});

test("marks stand where the value begins and ends; a row keeps its length", () => {
  const input = { name: "bytes", type: "int32", length: 10, padding: 256, marks: { begin: 257, end: 258 } } as const;
  fc.assert(
    fc.property(windows, (given) => {
      const tokens = tokenize(given, input);
      assert.equal(tokens.length, given.length * 10);
      given.forEach(({ bytes, edges }, row) => {
        const marked = [...(edges & 1 ? [257] : []), ...bytes, ...(edges & 2 ? [258] : [])];
        const expected = [...marked, ...Array(10).fill(256)].slice(0, 10);
        assert.deepEqual([...tokens.subarray(row * 10, row * 10 + 10)], expected);
      });
    }),
  );
});

test("the last column tells the class of the value's length, where the model has a mark for it", () => {
  const marks = { begin: 257, end: 258, length: 259 };
  const input = { name: "bytes", type: "int32", length: 15, padding: 256, marks } as const;
  fc.assert(
    fc.property(windows, (given) => {
      const tokens = tokenize(given, input);
      given.forEach(({ bytes, edges }, row) => {
        const marked = [...(edges & 1 ? [257] : []), ...bytes, ...(edges & 2 ? [258] : [])];
        const expected = [...marked, ...Array(14).fill(256)].slice(0, 14);
        assert.deepEqual([...tokens.subarray(row * 15, row * 15 + 15)], [...expected, 259 + (edges >> 2)]);
      });
    }),
  );
});
