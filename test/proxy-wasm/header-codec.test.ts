import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import { compileEntry } from "../harness/compile-entry.ts";

interface Codec extends Record<string, unknown> {
  Uint8Array_ID: { value: number };
  decode(pairs: number): void;
  malformed(): number;
  size(): number;
  byteLength(): number;
  name(index: number): number;
  value(index: number): number;
  indexOf(wanted: number, from: number): number;
  first(wanted: number): number;
  begin(): void;
  add(name: number, value: number): number;
  encode(): number;
  same(a: number, b: number): number;
  literal(): number;
}

type Pair = readonly [Uint8Array, Uint8Array];

/** The host's serialization, written apart from the filter's. */
function serialize(pairs: readonly Pair[]): Buffer {
  const words = Buffer.alloc(4 + pairs.length * 8);
  words.writeUInt32LE(pairs.length, 0);
  pairs.forEach(([name, value], index) => {
    words.writeUInt32LE(name.length, 4 + index * 8);
    words.writeUInt32LE(value.length, 8 + index * 8);
  });
  return Buffer.concat([words, ...pairs.flatMap(([name, value]) => [name, Buffer.of(0), value, Buffer.of(0)])]);
}

const anyPairs = fc.array(fc.tuple(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ maxLength: 40 })), {
  maxLength: 20,
});

describe("header codec", () => {
  let codec: Awaited<ReturnType<typeof compileEntry<Codec>>>["exports"];

  before(async () => {
    codec = (await compileEntry<Codec>("test/filter/entries/proxy-wasm/header-codec-entry.ts")).exports;
  });

  /** Gives the module bytes and lets them go afterwards. */
  function lend<R>(values: Uint8Array[], use: (...addresses: number[]) => R): R {
    const addresses = values.map((value) => codec.__pin(codec.__newArray(codec.Uint8Array_ID.value, [...value])));
    try {
      return use(...addresses);
    } finally {
      for (const address of addresses) codec.__unpin(address);
      codec.__collect();
    }
  }
  const take = (address: number) => Buffer.from(codec.__getUint8Array(address));
  const decode = (pairs: Uint8Array) => lend([pairs], (address) => codec.decode(address));

  test("every pair comes back, in order, whatever its bytes", () => {
    fc.assert(
      fc.property(anyPairs, (pairs) => {
        const serialized = serialize(pairs);
        decode(serialized);
        assert.equal(codec.malformed(), 0);
        assert.equal(codec.size(), pairs.length);
        assert.equal(codec.byteLength(), serialized.length);
        pairs.forEach(([name, value], index) => {
          assert.deepEqual([...take(codec.name(index))], [...name]);
          assert.deepEqual([...take(codec.value(index))], [...value]);
          const firstIndex = pairs.findIndex(([other]) => Buffer.from(other).equals(name));
          assert.equal(
            lend([name], (address) => codec.indexOf(address, 0)),
            firstIndex,
          );
        });
      }),
    );
  });

  test("an index that is not there gives nothing", () => {
    decode(serialize([[Buffer.from("a"), Buffer.from("b")]]));
    for (const index of [-1, 1, 2 ** 31 - 1, -(2 ** 31)]) {
      assert.equal(take(codec.name(index)).length, 0);
      assert.equal(take(codec.value(index)).length, 0);
    }
  });

  test("several values of a name are found one after the other; an absent one is -1 and null", () => {
    const [a, b] = [Buffer.from("a"), Buffer.from("b")];
    const pairs: Pair[] = [
      [a, b],
      [b, b],
      [a, a],
    ];
    decode(serialize(pairs));
    lend([a, Buffer.from("absent")], (wanted, absent) => {
      assert.deepEqual(
        [0, 1, 3, -5].map((from) => codec.indexOf(wanted as number, from)),
        [0, 2, -1, 0],
      );
      assert.equal(codec.indexOf(absent as number, 0), -1);
      assert.equal(codec.first(absent as number), 0);
      assert.deepEqual(take(codec.first(wanted as number)), b);
    });
  });

  test("nothing and a single zero byte are empty maps", () => {
    for (const empty of [[], [0], [0, 0, 0, 0]]) {
      decode(Uint8Array.from(empty));
      assert.deepEqual([codec.malformed(), codec.size()], [0, 0]);
    }
  });

  test("a map that is cut, longer, or lies about a length is malformed and empty", () => {
    const whole = serialize([
      [Buffer.from("name"), Buffer.from("value")],
      [Buffer.from("n"), Buffer.from("")],
    ]);
    const wrong: Buffer[] = [Buffer.concat([whole, Buffer.of(0)]), Buffer.of(1), Buffer.of(255, 255, 255, 255)];
    for (let end = 1; end < whole.length; end++) wrong.push(whole.subarray(0, end));
    const lies = { count: [0, 3], countTooLarge: [0, 0x2000_0001], name: [4, 5], huge: [4, 0xffff_ffff] };
    for (const [offset = 0, value = 0] of Object.values({ ...lies, hugeValue: [8, 0xffff_ffff] })) {
      const changed = Buffer.from(whole);
      changed.writeUInt32LE(value, offset);
      wrong.push(changed);
    }
    for (const pairs of wrong) {
      decode(pairs);
      assert.deepEqual([codec.malformed(), codec.size()], [1, 0], pairs.toString("hex"));
    }
  });

  test("any bytes are decoded without a trap, and no view leaves them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat({ max: 3 }), (junk, count) => {
        decode(Buffer.concat([Buffer.of(count, 0, 0, 0), junk]));
        let bytes = 0;
        for (let index = 0; index < codec.size(); index++) {
          bytes += take(codec.name(index)).length + take(codec.value(index)).length;
        }
        assert.ok(bytes <= junk.length);
      }),
    );
  });

  test("a list is serialized as the host does it; pairs that would break out of a field are left out", () => {
    fc.assert(
      fc.property(anyPairs, (pairs) => {
        codec.begin();
        for (const pair of pairs) lend([...pair], (name, value) => codec.add(name as number, value as number));
        const safe = (bytes: Uint8Array) => !bytes.some((byte) => byte === 0 || byte === 10 || byte === 13);
        const kept = pairs.filter(([name, value]) => name.length > 0 && safe(name) && safe(value));
        assert.deepEqual(take(codec.encode()), serialize(kept));
      }),
    );
  });

  test("equality is of content", () => {
    const same = (a: Uint8Array, b: Uint8Array) => lend([a, b], (x, y) => codec.same(x as number, y as number));
    assert.equal(same(Buffer.from("abc"), Buffer.from("abc")), 1);
    assert.equal(same(Buffer.from("abc"), Buffer.from("abd")), 0);
    assert.equal(same(Buffer.from("abc"), Buffer.from("ab")), 0);
    assert.equal(same(Buffer.of(), Buffer.of()), 1);
    for (let length = 1; length <= 24; length++) {
      const text = Buffer.alloc(length, "a");
      assert.equal(same(text, Buffer.from(text)), 1);
      for (let at = 0; at < length; at++) {
        const other = Buffer.from(text);
        other[at] = 0x62;
        assert.equal(same(text, other), 0, `${at} of ${length}`);
      }
    }
  });

  test("what ends a field is found wherever it stands", () => {
    for (let length = 1; length <= 24; length++) {
      for (let at = 0; at < length; at++) {
        const text = Buffer.alloc(length, "a");
        for (const byte of [0x00, 0x0a, 0x0d]) {
          text[at] = byte;
          codec.begin();
          const kept = lend([Buffer.from("n"), text], (name, value) => codec.add(name as number, value as number));
          assert.equal(kept, 0, `${byte} at ${at} of ${length}`);
        }
      }
    }
  });

  test("a literal becomes UTF-8", () => {
    assert.equal(take(codec.literal()).toString("utf8"), "a\0ä€");
  });
});
