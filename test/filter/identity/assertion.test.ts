import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import { compileEntry } from "../../harness/compile-entry.ts";

type Exports = Record<string, unknown> & {
  Uint8Array_ID: { value: number };
  put(claims: number, token: number): void;
  find(claims: number): number;
  size(): number;
  byteLength(): number;
  object(name: number, text: number): number;
};

const MAX_ENTRIES = 1024;
const MAX_BYTES = 1024 * 1024;
const MAX_SET_BYTES = 4096;

let module: Awaited<ReturnType<typeof compileEntry<Exports>>>["exports"];

before(async () => {
  module = (await compileEntry<Exports>("test/filter/entries/assertion-entry.ts")).exports;
});

/** Calls with texts; what is allocated for them is let go. */
function call<T>(use: (...texts: number[]) => T, ...texts: string[]): T {
  const pinned = texts.map((text) =>
    module.__pin(module.__newArray(module.Uint8Array_ID.value, [...Buffer.from(text)])),
  );
  try {
    return use(...pinned);
  } finally {
    for (const one of pinned) module.__unpin(one);
  }
}
const text = (pointer: number) => Buffer.from(module.__getUint8Array(pointer)).toString();
const find = (claims: string) => call((pointer) => text(module.find(pointer)), claims);

test("the newest assertion of who asks is found, never another's, and memory stays bounded", () => {
  const newest = new Map<string, string>();
  const who = fc.oneof(fc.nat(30), fc.nat(5000)).map((n) => `{"sub":"${n}"}`);
  const token = fc.oneof(fc.nat(400), fc.nat(MAX_SET_BYTES + 100)).map((length) => "t".repeat(length + 1));
  fc.assert(
    fc.property(fc.array(fc.tuple(who, token), { maxLength: 200 }), (puts) => {
      for (const [claims, short] of puts) {
        const made = `${short}.${newest.size}`;
        call((a, b) => module.put(a, b), claims, made);
        const fits = claims.length + made.length <= MAX_SET_BYTES;
        if (fits) newest.set(claims, made);
        if (fits) assert.equal(find(claims), made);
      }
      for (const [claims, made] of newest) assert.ok(["", made].includes(find(claims)), claims);
      assert.ok(module.size() <= MAX_ENTRIES && module.byteLength() <= MAX_BYTES);
      module.__collect();
    }),
    { numRuns: 10 },
  );
  for (let n = 0; n < 3000; n++) call((a, b) => module.put(a, b), `{"sub":"${n}"}`, "t");
  assert.ok(module.size() > 900 && module.size() <= MAX_ENTRIES, `${module.size()} are kept`);
});

test("names and texts of any characters are written as JSON that says just that", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (name, value) => {
      const written = call((a, b) => text(module.object(a, b)), name, value);
      const one = Object.fromEntries([[name, value]]);
      assert.deepEqual(
        JSON.parse(written),
        Object.fromEntries([
          [name, value],
          ["\0inner", one],
        ]),
      );
    }),
    { numRuns: 500 },
  );
  const controls = Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join("");
  assert.equal(JSON.parse(call((a, b) => text(module.object(a, b)), "x", controls)).x, controls);
});
