import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { tokenize } from "../../inference-sidecar/src/tokenizer.ts";

const windows = fc.array(fc.uint8Array({ maxLength: 12 }), { minLength: 1, maxLength: 16 });

test("each row is its window's bytes, then padding, for both types", () => {
  fc.assert(
    fc.property(windows, fc.constantFrom("int32" as const, "uint8" as const), (given, type) => {
      const padding = type === "int32" ? 256 : 0;
      const tokens = tokenize(given, { name: "bytes", type, length: 8, padding });
      assert.equal(tokens.constructor, type === "int32" ? Int32Array : Uint8Array);
      assert.equal(tokens.length, given.length * 8);
      given.forEach((window, row) => {
        const expected = [...window.subarray(0, 8), ...Array(8).fill(padding)].slice(0, 8);
        assert.deepEqual([...tokens.subarray(row * 8, row * 8 + 8)], expected);
      });
    }),
  );
});
