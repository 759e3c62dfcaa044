import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ServiceError } from "../../inference-sidecar/src/service-error.ts";
import { hasFewFields, loadService } from "../../inference-sidecar/src/wire.ts";
import { protoPath, service } from "./harness.ts";

const guarded = loadService(protoPath, { Score: 65_536, Report: 4_194_304 });

test("what a client encodes passes the guard and decodes to the same", () => {
  const window = fc.uint8Array({ minLength: 1, maxLength: 256 });
  fc.assert(
    fc.property(fc.array(window, { maxLength: 16 }), fc.uint8Array({ maxLength: 32 }), (windows, digest) => {
      const edges = windows.map(({ length }) => length % 4);
      const request = { bundleDigest: Buffer.from(digest), windows: windows.map((bytes) => Buffer.from(bytes)), edges };
      const encoded = service.Score?.requestSerialize(request) as Buffer;
      assert.equal(hasFewFields(encoded), true);
      assert.deepEqual({ ...guarded.Score?.requestDeserialize(encoded) }, request);
    }),
  );
});

test("no bytes make a decoder throw: they decode, or become an error for the edge", () => {
  fc.assert(
    fc.property(fc.constantFrom("Score", "Report"), fc.uint8Array({ maxLength: 300 }), (name, bytes) => {
      const decoded = guarded[name]?.requestDeserialize(Buffer.from(bytes));
      assert.ok(typeof decoded === "object");
      if (decoded instanceof ServiceError) assert.equal(decoded.code, "invalid_argument");
    }),
    { numRuns: 2000 },
  );
});

test("fields are counted without decoding them", () => {
  const empty = Buffer.from([0x2a, 0x00]);
  assert.equal(hasFewFields(Buffer.concat(Array(512).fill(empty))), true);
  assert.equal(hasFewFields(Buffer.concat(Array(601).fill(empty))), false);
  for (const torn of [[0x2a], [0x2a, 0x05, 0x00], [0x80], [0x09, 1, 2], [0x0b], [0x2a, ...Array(10).fill(0xff)]]) {
    assert.equal(hasFewFields(Uint8Array.from(torn)), false, `${torn}`);
  }
});
