import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AttackScore } from "../../inference-sidecar/src/attack-score.ts";
import { decodeKept, encodeKept } from "../../inference-sidecar/src/evidence/kept-evidence.ts";
import { explain, SEGMENTS_MOST, segmentsOf } from "../../inference-sidecar/src/evidence/occlusion.ts";

/** Scores by the words that a window has: one each costs 300,000 millionths. */
function scoreBy(words: readonly string[]) {
  return async (windows: readonly Uint8Array[]): Promise<AttackScore[]> =>
    windows.map((window) => {
      const text = Buffer.from(window).toString("latin1");
      const found = words.filter((word) => text.includes(word)).length;
      const attackMillionths = Math.min(1_000_000, 100_000 + 300_000 * found);
      return { attackMillionths, attackClass: 1, surprisalMillibits: 0, usualMillibits: 0 };
    });
}

test("the words that carry a score are found, and the score is told without them", async () => {
  const window = Buffer.from("hello union dear select friends");
  const found = await explain(window, 350_000, scoreBy(["union", "select"]));
  const texts = found.spans.map(({ start, end }) => window.toString("latin1", start, end));
  assert.deepEqual(texts.map((text) => text.trim()).toSorted(), ["select", "union"]);
  assert.deepEqual([found.attackMillionths, found.withoutMillionths, found.attackClass], [700_000, 100_000, 1]);
});

test("segments cover a window without gap, at most sixteen; spans lie in it and never raise the score", async () => {
  const windows = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 256 }),
    fc
      .string({ minLength: 1, maxLength: 256, unit: fc.constantFrom(..."ab' -<>=01") })
      .map((text) => Buffer.from(text)),
  );
  await fc.assert(
    fc.asyncProperty(windows, fc.nat(1_000_000), async (window, enough) => {
      const segments = segmentsOf(window);
      assert.ok(segments.length <= SEGMENTS_MOST);
      let at = 0;
      for (const { start, end } of segments) {
        assert.ok(start === at && end > start);
        at = end;
      }
      assert.equal(at, window.length);
      let scored = 0;
      const score = async (given: readonly Uint8Array[]) => {
        assert.ok(given.length <= SEGMENTS_MOST);
        scored += given.length;
        return scoreBy(["a", "'", "<", "1"])(given);
      };
      const { spans, attackMillionths, withoutMillionths } = await explain(window, enough, score);
      assert.ok(spans.length <= 4 && scored <= 65 && withoutMillionths <= attackMillionths);
      let last = -1;
      for (const { start, end } of spans) {
        assert.ok(start > last && end > start && end <= window.length);
        last = end;
      }
    }),
    { numRuns: 200 },
  );
});

test("what is kept is read back; a head that is no list of pairs is left out, whatever it holds", () => {
  const wire = fc.record({
    window: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    sample: fc.boolean(),
    head: fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
    body: fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
    bodyCut: fc.boolean(),
    source: fc.constant(Buffer.from("10.0.0.1:4711")),
    claims: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    edges: fc.nat(23),
    kind: fc.nat(64),
  });
  const asker = { issuer: "shop", workload: "" };
  const explanation = { bundle: "00", class: "sqli", score: 900_000, spans: [{ start: 1, end: 2 }], without: 10 };
  fc.assert(
    fc.property(wire, fc.constantFrom(null, explanation), (evidence, known) => {
      const encoded = encodeKept(evidence, asker, 256, known);
      const kept = encoded === null ? null : decodeKept(encoded);
      const keepsWindow = !evidence.sample && evidence.window.length > 0 && evidence.window.length <= 256;
      assert.deepEqual(kept?.window ?? null, keepsWindow ? evidence.window : null);
      if (kept !== null) assert.deepEqual(kept.explanation, known);
    }),
  );
  const head = Buffer.from("02000000" + "05000000" + "04000000" + "01000000" + "00000000", "hex");
  const pairs = Buffer.concat([head, Buffer.from(":path\0/a?b\0x\0\0", "latin1")]);
  const evidence = {
    window: Buffer.alloc(0),
    sample: false,
    edges: 0,
    kind: 0,
    head: pairs,
    body: Buffer.from("q=1"),
    bodyCut: true,
  };
  const more = { source: Buffer.from("10.0.0.1:4711"), claims: Buffer.from('{"scope":"a"}') };
  const encoded = encodeKept({ ...evidence, ...more }, asker, 256, null);
  const request = {
    method: "",
    authority: "",
    path: "/a?b",
    headers: [["x", ""]],
    body: Buffer.from("q=1").toString("base64"),
    isCut: true,
    peer: null,
    source: "10.0.0.1:4711",
    token: { issuer: "shop", claims: { scope: "a" } },
  };
  assert.deepEqual(encoded && decodeKept(encoded), { window: null, explanation: null, request });
  assert.equal(decodeKept(Buffer.from('{"v":1,"window":"YQ=="}'))?.explanation, null, "former releases kept none");
  const deep = Buffer.from(`{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}`);
  assert.doesNotThrow(() => encodeKept({ ...evidence, ...more, claims: deep }, asker, 256, null), "its record comes");
});
