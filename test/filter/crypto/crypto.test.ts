import assert from "node:assert/strict";
import { createHash, createHmac, createSign, generateKeyPairSync, sign, verify } from "node:crypto";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import { compileEntry } from "../../harness/compile-entry.ts";

interface Exports extends Record<string, unknown> {
  Uint8Array_ID: { valueOf(): number };
  sha256(data: number): number;
  sha256InPieces(data: number, cut: number): number;
  hmacSha256(key: number, text: number): number;
  constantTimeEqual(a: number, b: number): number;
  ecdsaSignatureToDer(signature: number, scalarBytes: number): number;
}

let exports: Awaited<ReturnType<typeof compileEntry<Exports>>>["exports"];
const bytes = fc.uint8Array({ maxLength: 300 });

before(async () => {
  exports = (await compileEntry<Exports>("test/filter/entries/crypto-entry.ts")).exports;
});

/** Calls with arguments pinned, for the next allocation must not move or free them. */
function withBytes<T>(values: readonly Uint8Array[], work: (...pointers: number[]) => T): T {
  const pointers = values.map((value) =>
    exports.__pin(exports.__newArray(Number(exports.Uint8Array_ID.valueOf()), value)),
  );
  try {
    return work(...pointers);
  } finally {
    for (const pointer of pointers) exports.__unpin(pointer);
  }
}
const copy = (pointer: number) => Buffer.from(exports.__getUint8Array(pointer));

describe("SHA-256 agrees with Node", () => {
  const digest = (data: Uint8Array) => withBytes([data], (at = 0) => copy(exports.sha256(at)));
  const expected = (data: Uint8Array) => createHash("sha256").update(data).digest();

  test("for every length up to four blocks", () => {
    for (let length = 0; length <= 256; length++) {
      const data = Buffer.alloc(length, length);
      assert.deepEqual(digest(data), expected(data), `length ${length}`);
    }
  });

  test("for a mebibyte", () => {
    const data = Buffer.alloc(1 << 20, "postern");
    assert.deepEqual(digest(data), expected(data));
  });

  test("in pieces, wherever the cut lies", () => {
    fc.assert(
      fc.property(bytes, fc.nat(300), (data, at) => {
        const cut = Math.min(at, data.length);
        assert.deepEqual(
          withBytes([data], (pointer = 0) => copy(exports.sha256InPieces(pointer, cut))),
          expected(data),
        );
      }),
    );
  });
});

test("HMAC-SHA-256 agrees with Node, for keys below and above a block", () => {
  fc.assert(
    fc.property(bytes, bytes, (key, text) => {
      const tag = withBytes([key, text], (keyAt = 0, textAt = 0) => copy(exports.hmacSha256(keyAt, textAt)));
      assert.deepEqual(tag, createHmac("sha256", key).update(text).digest());
    }),
  );
});

test("constant-time comparison is comparison", () => {
  const equal = (a: Uint8Array, b: Uint8Array) =>
    withBytes([a, b], (x = 0, y = 0) => exports.constantTimeEqual(x, y) === 1);
  fc.assert(
    fc.property(bytes, bytes, fc.nat(), fc.integer({ min: 1, max: 255 }), (a, b, at, flip) => {
      assert.equal(equal(a, b), Buffer.from(a).equals(b));
      assert.equal(equal(a, a.slice()), true);
      if (a.length === 0) return;
      const changed = a.slice();
      changed[at % a.length] = (changed[at % a.length] ?? 0) ^ flip;
      assert.equal(equal(a, changed), false);
      assert.equal(equal(a, a.subarray(1)), false);
    }),
  );
});

describe("ECDSA signatures as DER", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const toDer = (signature: Uint8Array, scalarBytes = 32) =>
    withBytes([signature], (at = 0) => {
      const pointer = exports.ecdsaSignatureToDer(at, scalarBytes);
      return pointer === 0 ? null : copy(pointer);
    });

  test("Node verifies what was converted", () => {
    for (let index = 0; index < 300; index++) {
      const text = Buffer.from(`text ${index}`);
      const der = toDer(sign("sha256", text, { key: privateKey, dsaEncoding: "ieee-p1363" }));
      assert.ok(der !== null && verify("sha256", text, publicKey, der));
    }
  });

  test("and of the larger curves, whose DER may need a longer form of its length", () => {
    for (const [namedCurve, hash, scalarBytes] of [
      ["P-384", "sha384", 48],
      ["P-521", "sha512", 66],
    ] as const) {
      const pair = generateKeyPairSync("ec", { namedCurve });
      for (let index = 0; index < 200; index++) {
        const text = Buffer.from(`text ${index}`);
        const signature = sign(hash, text, { key: pair.privateKey, dsaEncoding: "ieee-p1363" });
        const der = toDer(signature, scalarBytes);
        assert.ok(der !== null && verify(hash, text, pair.publicKey, der));
        assert.equal(toDer(signature), null);
      }
    }
  });

  test("scalars with leading zeros and set top bits take the shortest form", () => {
    const scalar = fc.tuple(fc.nat(31), fc.uint8Array({ minLength: 32, maxLength: 32 })).map(([zeros, value]) => {
      value.fill(0, 0, zeros);
      value[31] = (value[31] ?? 0) | 1;
      return value;
    });
    const integer = (value: Uint8Array) => {
      const hex = Buffer.from(value)
        .toString("hex")
        .replace(/^(00)+/, "");
      const content = Buffer.from(Number.parseInt(hex.slice(0, 2), 16) > 0x7f ? `00${hex}` : hex, "hex");
      return Buffer.concat([Buffer.of(2, content.length), content]);
    };
    fc.assert(
      fc.property(scalar, scalar, (r, s) => {
        const content = Buffer.concat([integer(r), integer(s)]);
        assert.deepEqual(toDer(Buffer.concat([r, s])), Buffer.concat([Buffer.of(0x30, content.length), content]));
      }),
    );
  });

  test("other lengths and zero scalars are refused", () => {
    for (let length = 0; length <= 130; length++) {
      assert.equal(toDer(Buffer.alloc(length, 1)) === null, length !== 64);
    }
    const one = Buffer.alloc(32, 1);
    assert.equal(toDer(Buffer.concat([Buffer.alloc(32), one])), null);
    assert.equal(toDer(Buffer.concat([one, Buffer.alloc(32)])), null);
    const der = createSign("sha256").update("text").sign(privateKey);
    assert.equal(toDer(der), null);
  });
});
