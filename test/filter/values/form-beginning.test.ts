import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MessageReader, MessageWriter } from "../../../inference-sidecar/src/core/message.ts";
import { compileEntry } from "../../harness/compile-entry.ts";
import { arbitraryWeights, SEGMENT_OFFSET, segmentOf } from "../screen/compiled-screen.ts";

interface Entry extends Record<string, unknown> {
  memory: { buffer: ArrayBuffer };
  Uint8Array_ID: { valueOf(): number };
  inSteps(message: number): number;
}

const FORM = "application/x-www-form-urlencoded";
const { exports } = await compileEntry<Entry>("test/filter/entries/form-beginning-entry.ts");
// Scores on both sides of the thresholds.
new Uint8Array(exports.memory.buffer).set(
  segmentOf(arbitraryWeights(12), { bias: -9, scale: 0.02, clearBelow: 300_000 }),
  SEGMENT_OFFSET,
);

function inSteps(contentType: string, body: Buffer, steps: readonly number[]) {
  const message = new MessageWriter().bytes(Buffer.from(contentType)).bytes(body).u32(steps.length);
  for (const step of steps) message.u32(step);
  const id = exports.Uint8Array_ID.valueOf();
  const answer = exports.__getUint8Array(exports.inSteps(exports.__newArray(id, message.finish())));
  exports.__collect();
  const reader = new MessageReader(answer);
  return { early: reader.u32(), values: Buffer.from(reader.bytes()), suspects: Buffer.from(reader.bytes()) };
}

const value = fc.oneof(
  fc.stringMatching(/^[a-z+]{0,40}$/),
  fc.constantFrom(
    "%27+or+1%3D1--",
    "PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "a%0Ab",
    "%2525",
    "{query}",
    "==",
    "x y",
    "\xff\0",
  ),
  fc.string({ maxLength: 30 }).map(encodeURIComponent),
  fc.stringMatching(/^[ -~]{0,30}$/),
);
const pair = fc.tuple(fc.constantFrom("a", "b", "query", "", "a b", "%61", "longer-name"), fc.boolean(), value);
const pairs = fc.array(
  pair.map(([name, named, text]) => (named ? `${name}=${text}` : text)),
  { maxLength: 30 },
);
const start = fc.constantFrom("", "", "", "\xef\xbb\xbf", "  \n", "{", "\x1f\x8b\x08", "\xff\xfe", "\0a\0b", "&&");
const contentType = fc.constantFrom(FORM, FORM, `${FORM}; charset=utf-8`, `${FORM};charset=utf-16`, "text/plain", "");

test("a form that comes in any steps has the values, and the suspects, of the whole, in the same order", () => {
  fc.assert(
    fc.property(
      contentType,
      start,
      pairs,
      fc.constantFrom(1, 1, 40),
      fc.array(fc.nat(), { maxLength: 6 }),
      (type, first, list, times, cuts) => {
        const text = Array.from({ length: times }, () => list.join("&")).join("&");
        const body = Buffer.from(first + text, "latin1");
        const steps = cuts.map((cut) => cut % (body.length + 1)).sort((one, other) => one - other);
        const { values, suspects } = inSteps(type, body, steps);
        const whole = inSteps(type, body, []);
        assert.deepEqual({ values, suspects }, { values: whole.values, suspects: whole.suspects });
      },
    ),
    { numRuns: 1500 },
  );
});

test("what has come whole is looked at before the rest, of a form alone", () => {
  const body = Buffer.from(Array.from({ length: 40 }, (_, index) => `f${index}=some+text+${index}`).join("&"));
  const steps = [body.length >> 2, body.length >> 1];
  const { early, values, suspects } = inSteps(FORM, body, steps);
  assert.ok(early > 15 && early < 25, `${early} values`);
  assert.ok(values.length > 0 && suspects.length > 4);
  assert.equal(inSteps("text/plain", body, steps).early, 0);
  assert.equal(inSteps(`${FORM}; charset=utf-16`, body, steps).early, 0);
});
