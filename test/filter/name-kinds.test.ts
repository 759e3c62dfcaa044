import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import { compileEntry } from "../harness/compile-entry.ts";
import { serializePairs } from "./header-pairs.ts";

type Kinds = {
  Uint8Array_ID: { value: number };
  decode(pairs: number): void;
  kind(index: number): number;
};

let kinds: Awaited<ReturnType<typeof compileEntry<Kinds>>>["exports"];

before(async () => {
  kinds = (await compileEntry<Kinds>("test/filter/entries/name-kinds-entry.ts")).exports;
});

const sumOf = (name: string) => [...Buffer.from(name)].reduce((sum, byte) => (Math.imul(sum, 31) + byte) | 0, 1);

/** Names that come again and again, many that are alike at both ends and so meet in one place, and any others. */
const name = fc.oneof(
  fc.constantFrom("", "a", ":path", "content-type", "authorization", "x-forwarded-for", "x".repeat(64), "y".repeat(65)),
  fc.nat(400).map((n) => `x-header${n}-of-many`),
  fc.nat(400).map((n) => `x${n}`),
  fc.string({ unit: "binary", maxLength: 80 }),
);

test("a name's kind is its own, however many other names were met between", () => {
  fc.assert(
    fc.property(fc.array(name, { maxLength: 300 }), (names) => {
      const pairs = serializePairs(names.map((one) => [one, "v"]));
      const address = kinds.__pin(kinds.__newArray(kinds.Uint8Array_ID.value, [...pairs]));
      kinds.decode(address);
      for (const [index, one] of [...names.entries(), ...names.entries()]) {
        assert.equal(kinds.kind(index) | 0, sumOf(one));
      }
      kinds.__unpin(address);
      kinds.__collect();
    }),
    { numRuns: 300 },
  );
});
