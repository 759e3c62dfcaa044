import assert from "node:assert/strict";
import { isUtf8 } from "node:buffer";
import { before, test } from "node:test";
import fc from "fast-check";
import { loadEncodings } from "./encoding.ts";

let encodings: Awaited<ReturnType<typeof loadEncodings>>;

before(async () => {
  encodings = await loadEncodings();
});

test("every sequence of one and two bytes, and every edge of three and four, is judged as Node judges it", () => {
  const edges = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xdf, 0xff];
  const check = (...bytes: number[]) =>
    assert.equal(encodings.isValidUtf8(Buffer.of(...bytes)), isUtf8(Buffer.of(...bytes)), bytes.join());
  for (let first = 0; first < 256; first++) {
    check(first);
    for (let second = 0; second < 256; second++) check(first, second);
    if (first < 0xc0) continue;
    for (const second of edges) {
      for (const third of edges) {
        check(first, second, third);
        if (first >= 0xf0) for (const fourth of edges) check(first, second, third, fourth);
      }
    }
  }
});

test("what is wrong is found wherever it stands", () => {
  for (let length = 1; length <= 24; length++) {
    for (let at = 0; at < length; at++) {
      const bytes = Buffer.alloc(length, "a");
      bytes[at] = 0x80;
      assert.equal(encodings.isValidUtf8(bytes), false, `${at} of ${length}`);
    }
  }
});

test("text and its mutations", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.nat(), fc.nat(255), (text, at, byte) => {
      const bytes = Buffer.from(text);
      assert.equal(encodings.isValidUtf8(bytes), true);
      if (bytes.length > 0) bytes[at % bytes.length] = byte;
      assert.equal(encodings.isValidUtf8(bytes), isUtf8(bytes));
    }),
    { numRuns: 2000 },
  );
});

test("code points are written as Node writes them; surrogates as bytes that are not valid", () => {
  for (const codePoint of [0, 0x41, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff]) {
    assert.deepEqual(encodings.encodeCodePoint(codePoint), Buffer.from(String.fromCodePoint(codePoint)));
  }
  for (const surrogate of [0xd800, 0xdbff, 0xdc00, 0xdfff]) {
    const bytes = encodings.encodeCodePoint(surrogate);
    assert.equal(bytes.length, 3);
    assert.equal(encodings.isValidUtf8(bytes), false);
  }
});
