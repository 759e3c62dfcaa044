import assert from "node:assert/strict";
import { test } from "node:test";
import zlib from "node:zlib";
import fc from "fast-check";
import { BitWriter, canonicalCodes, writeDynamicHead } from "./deflate-bits.ts";
import { LARGEST, loadInflater } from "./inflater.ts";
import { oracleGunzip, oracleUndeflate } from "./zlib-oracle.ts";

const inflater = await loadInflater();

/** Bytes with much, some or no repetition in them, also from far back. */
const content = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ unit: "grapheme", maxLength: 200 }).map((text) => Buffer.from(text)),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 12 }), fc.nat(4000))
        .map(([unit, size]) => Buffer.alloc(size, unit)),
      fc
        .nat(2 ** 31)
        .map((seed) => Buffer.from(Array.from({ length: 3000 }, (_, i) => Math.imul(seed + i, 2654435761) >>> 24))),
    ),
    { maxLength: 16 },
  )
  .map((parts) => Buffer.concat([...parts, ...parts.slice(0, 2)]));

const { Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED } = zlib.constants;
const settings = fc.record({
  level: fc.integer({ min: 0, max: 9 }),
  strategy: fc.constantFrom(Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED),
  windowBits: fc.integer({ min: 9, max: 15 }),
  memLevel: fc.integer({ min: 1, max: 9 }),
});

test("gzip, zlib and bare DEFLATE of every level and strategy are read as they were written", () => {
  fc.assert(
    fc.property(content, settings, (bytes, options) => {
      const expected = { status: "complete", bytes };
      assert.deepEqual(inflater.gunzip(zlib.gzipSync(bytes, options)), expected);
      assert.deepEqual(inflater.undeflate(zlib.deflateSync(bytes, options)), expected);
      assert.deepEqual(inflater.undeflate(zlib.deflateRawSync(bytes, options)), expected);
    }),
    { numRuns: 400 },
  );
});

test("flush points, which end blocks and align them, change nothing", () => {
  const { Z_SYNC_FLUSH, Z_FULL_FLUSH } = zlib.constants;
  fc.assert(
    fc.property(fc.array(content, { maxLength: 5 }), settings, fc.boolean(), (parts, options, full) => {
      const finishFlush = full ? Z_FULL_FLUSH : Z_SYNC_FLUSH;
      let bytes = Buffer.alloc(0);
      const written = parts.map((part) => {
        const dictionary = bytes.subarray(-32_000);
        bytes = Buffer.concat([bytes, part]);
        return zlib.deflateRawSync(part, { ...options, windowBits: 15, finishFlush, dictionary });
      });
      const stream = Buffer.concat([...written, zlib.deflateRawSync("")]);
      assert.deepEqual(inflater.undeflate(stream), { status: "complete", bytes });
    }),
  );
});

test("all members of a gzip file are read, and nothing may follow the last", () => {
  fc.assert(
    fc.property(
      fc.array(content, { minLength: 1, maxLength: 4 }),
      fc.uint8Array({ minLength: 1, maxLength: 30 }),
      (members, junk) => {
        const file = Buffer.concat(members.map((bytes) => zlib.gzipSync(bytes)));
        const bytes = Buffer.concat(members);
        assert.deepEqual(inflater.gunzip(file), { status: "complete", bytes });
        assert.notEqual(inflater.gunzip(Buffer.concat([file, junk])).status, "complete");
        assert.equal(inflater.gunzip(Buffer.concat([file, Buffer.alloc(junk.length)])).status === "complete", false);
      },
    ),
    { numRuns: 60 },
  );
});

test("a match that reaches back into the member before is refused", () => {
  const second = zlib.deflateRawSync("abcdefabcdef", { dictionary: Buffer.from("abcdef") });
  const member = Buffer.concat([zlib.gzipSync("").subarray(0, 10), second, Buffer.alloc(8)]);
  assert.equal(inflater.gunzip(Buffer.concat([zlib.gzipSync("abcdef"), member])).status, "corrupt");
});

test("every part of a gzip header is read over, and its checksum is held to", () => {
  const bytes = Buffer.from("content");
  const [data, trailer] = [zlib.gzipSync(bytes).subarray(10, -8), zlib.gzipSync(bytes).subarray(-8)];
  const parts = {
    extra: Buffer.from("\x05\x00extra", "latin1"),
    name: Buffer.from("a.txt\0"),
    comment: Buffer.from("\0"),
  };
  for (let flags = 0; flags < 256; flags++) {
    const head = Buffer.concat([
      Buffer.from([0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 5, 6]),
      flags & 4 ? parts.extra : Buffer.alloc(0),
      flags & 8 ? parts.name : Buffer.alloc(0),
      flags & 16 ? parts.comment : Buffer.alloc(0),
    ]);
    const sum = Buffer.alloc(2);
    sum.writeUInt16LE(inflater.crc32(head) & 0xffff);
    for (const headSum of [sum, Buffer.from([~(sum[0] ?? 0) & 0xff, sum[1] ?? 0])]) {
      const file = Buffer.concat([head, flags & 2 ? headSum : Buffer.alloc(0), data, trailer]);
      const { status, bytes: read } = inflater.gunzip(file);
      const accepted = flags < 32 && (headSum === sum || (flags & 2) === 0);
      assert.equal(status, accepted ? "complete" : "corrupt", `flags ${flags}`);
      assert.deepEqual(oracleGunzip(file), accepted ? read : null);
      if (accepted)
        for (let end = 0; end < file.length; end++)
          assert.equal(inflater.gunzip(file.subarray(0, end)).status, "truncated");
    }
  }
});

test("checksums agree with zlib's, whatever the length and where it begins", () => {
  fc.assert(
    fc.property(content, (bytes) => {
      assert.equal(inflater.crc32(bytes), zlib.gzipSync(bytes).readUInt32LE(zlib.gzipSync(bytes).length - 8));
      assert.equal(inflater.adler32(bytes), zlib.deflateSync(bytes).readUInt32BE(zlib.deflateSync(bytes).length - 4));
    }),
  );
  const worst = Buffer.alloc(LARGEST, 0xff);
  assert.equal(inflater.adler32(worst), zlib.deflateSync(worst).readUInt32BE(zlib.deflateSync(worst).length - 4));
});

test("a wrong checksum or size, a preset dictionary and a larger window than there is are refused", () => {
  const gzip = zlib.gzipSync("content");
  for (let at = 1; at <= 8; at++) {
    const wrong = Buffer.from(gzip);
    wrong[gzip.length - at] = (wrong[gzip.length - at] ?? 0) ^ 1;
    assert.equal(inflater.gunzip(wrong).status, "corrupt");
  }
  const deflate = zlib.deflateSync("content");
  for (let at = 1; at <= 4; at++) {
    const wrong = Buffer.from(deflate);
    wrong[deflate.length - at] = (wrong[deflate.length - at] ?? 0) ^ 1;
    assert.equal(inflater.undeflate(wrong).status, "corrupt");
  }
  assert.equal(
    inflater.undeflate(zlib.deflateSync("content", { dictionary: Buffer.from("content") })).status,
    "corrupt",
  );
  assert.equal(inflater.undeflate(Buffer.concat([Buffer.from([0x88, 0x1c]), deflate.subarray(2)])).status, "corrupt");
});

test("what zlib and bare readers would take for two texts is refused", () => {
  // After the header 78 01 a stored block of 65,534 bytes; without a header one of a single byte, then an empty one.
  const head = Buffer.from([0x78, 0x01, 0x00, 0xfe, 0xff, 0x01, 0x00]);
  const hidden = Buffer.concat([Buffer.from([0, 0, 0xff, 0xff]), zlib.deflateRawSync("seen by bare readers")]);
  const shown = Buffer.concat([hidden, Buffer.alloc(65_534 - hidden.length, "a")]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(inflater.adler32(shown));
  const both = Buffer.concat([head, shown, Buffer.from([1, 0, 0, 0xff, 0xff]), sum]);
  assert.deepEqual(zlib.inflateSync(both), shown);
  assert.equal(zlib.inflateRawSync(both).toString(), "\x01seen by bare readers");
  assert.equal(inflater.undeflate(both).status, "corrupt");
});

test("any set of code lengths is taken or refused as zlib does", () => {
  const length = fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    fc.integer({ min: 1, max: 15 }),
    fc.integer({ min: 1, max: 4 }),
  );
  /** A set that is complete, or one length away from it. */
  const nearlyComplete = (size: number) =>
    fc
      .record({
        splits: fc.array(fc.nat(1000), { maxLength: 20 }),
        places: fc.infiniteStream(fc.nat(size - 1)),
        changed: fc.option(fc.tuple(fc.nat(size - 1), length)),
      })
      .map(({ splits, places, changed }) => {
        let leaves = [0];
        for (const split of splits) {
          const at = split % leaves.length;
          const depth = leaves[at] ?? 0;
          if (depth < 15 && leaves.length < size)
            leaves = [...leaves.slice(0, at), depth + 1, depth + 1, ...leaves.slice(at + 1)];
        }
        const lengths = Array.from({ length: size }, () => 0);
        for (const leaf of leaves) {
          let place = places.next().value ?? 0;
          while (lengths[place] !== 0) place = (place + 1) % size;
          lengths[place] = leaf;
        }
        if (changed) lengths[changed[0]] = changed[1];
        return lengths;
      });
  const sets = fc.tuple(
    fc.oneof(nearlyComplete(4), fc.array(length, { minLength: 4, maxLength: 4 })),
    fc.oneof(nearlyComplete(30), nearlyComplete(2), fc.array(length, { minLength: 1, maxLength: 32 })),
  );
  let accepted = 0;
  fc.assert(
    fc.property(sets, fc.boolean(), fc.nat(29), ([[a = 0, b = 0, end = 0, match = 0], distances], matches, back) => {
      const literals = Array.from({ length: 258 }, () => 0);
      for (const [symbol, own] of [
        [97, a],
        [98, b],
        [256, end],
        [257, match],
      ] as const)
        literals[symbol] = own;
      const codes = canonicalCodes(literals);
      const writer = new BitWriter();
      writeDynamicHead(writer, true, literals, distances);
      writer.code(codes.get(97)).code(codes.get(98));
      if (matches) writer.code(codes.get(257)).code(canonicalCodes(distances).get(back % distances.length));
      writer.code(codes.get(256));
      const stream = writer.finish();
      const expected = oracleUndeflate(stream);
      const { status, bytes } = inflater.undeflate(stream);
      assert.deepEqual(status === "complete" ? bytes : null, expected);
      if (expected !== null) accepted += 1;
    }),
    { numRuns: 6000 },
  );
  assert.ok(accepted > 100, `${accepted} sets were accepted`);
});

test("the longest codes, lengths and distances there are", () => {
  const literals = Array.from({ length: 286 }, () => 0);
  for (let i = 0; i < 14; i++) literals[97 + i] = i + 1;
  literals[256] = 15;
  literals[284] = 15;
  const distances = Array.from({ length: 30 }, (_, symbol) => (symbol > 13 ? symbol - 13 : 0));
  distances[29] = 15;
  distances[14] = 15;
  for (let i = 15; i < 29; i++) distances[i] = i - 14;
  const [codes, back] = [canonicalCodes(literals), canonicalCodes(distances)];
  const writer = new BitWriter();
  writeDynamicHead(writer, true, literals, distances);
  for (let i = 0; i < 32_768; i++) writer.code(codes.get(97 + (i % 14)));
  writer.code(codes.get(284)).number(31, 5).code(back.get(29)).number(8191, 13);
  const stream = writer.code(codes.get(256)).finish();
  const expected = zlib.inflateRawSync(stream);
  assert.equal(expected.length, 32_768 + 258);
  assert.deepEqual(inflater.undeflate(stream), { status: "complete", bytes: expected });
});

test("over the limit the output is what the text begins with, to the byte", () => {
  fc.assert(
    fc.property(content, settings, fc.double({ min: 0, max: 1, noNaN: true }), (bytes, options, share) => {
      const limit = Math.floor(bytes.length * share);
      const expected = { status: limit < bytes.length ? "too large" : "complete", bytes: bytes.subarray(0, limit) };
      assert.deepEqual(inflater.gunzip(zlib.gzipSync(bytes, options), limit), expected);
      assert.deepEqual(inflater.undeflate(zlib.deflateSync(bytes, options), limit), expected);
    }),
  );
});

test("cut short, the output is what the text begins with", () => {
  fc.assert(
    fc.property(content, settings, fc.nat(), (bytes, options, cut) => {
      for (const [read, whole] of [
        [inflater.gunzip, zlib.gzipSync(bytes, options)],
        [inflater.undeflate, zlib.deflateSync(bytes, options)],
        [inflater.undeflate, zlib.deflateRawSync(bytes, options)],
      ] as const) {
        const { status, bytes: read_ } = read(whole.subarray(0, cut % whole.length));
        assert.equal(status, "truncated");
        assert.deepEqual(read_, bytes.subarray(0, read_.length));
      }
    }),
  );
});

test("a bomb costs no more than the bound, in time and in memory", () => {
  const bomb = zlib.gzipSync(Buffer.alloc(64 * 1024 * 1024));
  const members = Buffer.concat(Array.from({ length: 3000 }, () => zlib.gzipSync(Buffer.alloc(10_000))));
  for (const source of [bomb, members]) assert.equal(inflater.gunzip(source).status, "too large");
  const memory = inflater.memory();
  for (let i = 0; i < 500; i++) {
    const { status, bytes } = inflater.gunzip(bomb, LARGEST);
    assert.ok(status === "too large" && bytes.length === LARGEST);
  }
  assert.equal(inflater.memory(), memory);
});

test("time grows with the bytes: blocks with nothing in them, codes of the longest kind, members without end", () => {
  const literals = Array.from({ length: 257 }, () => 0);
  for (let i = 0; i < 10; i++) literals[97 + i] = i + 1;
  literals[256] = 10;
  const codes = canonicalCodes(literals);
  const block = new BitWriter();
  for (let i = 0; i < 8; i++) {
    writeDynamicHead(block, false, literals, [1]);
    block.code(codes.get(256));
  }
  const units = {
    "empty dynamic blocks": block.finish(),
    "empty stored blocks": Buffer.from([0, 0, 0, 0xff, 0xff]),
    "empty members": zlib.gzipSync(""),
  };
  for (const [name, unit] of Object.entries(units)) {
    const millis = (size: number) => {
      const source = Buffer.alloc(size - (size % unit.length), unit);
      const read = name === "empty members" ? "gunzip" : "undeflate";
      return Math.min(...Array.from({ length: 20 }, () => inflater.time(read, source))) / 1e6;
    };
    const [small, large] = [millis(LARGEST / 8), millis(LARGEST)];
    assert.ok(large < Math.max(small, 1) * 40, `${name}: ${small} ms, eight times the bytes ${large} ms`);
  }
});
