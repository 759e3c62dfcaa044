import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { loadCore } from "../../../scripts/core.ts";

const core = await loadCore();
const ATTACK = "' OR 1=1--";

function texts(type: string, body: Uint8Array): string[] {
  const [all = []] = core.values([{ method: "POST", path: "/", headers: [["content-type", type]], body }]);
  return all
    .filter(({ component }) => component === "body")
    .map(({ forms: [form] }) => Buffer.from(form?.bytes ?? []).toString());
}

type Item =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | readonly Item[]
  | { readonly [name: string]: Item };

/** A head byte for each size that a length or number can have, and the number, big-endian. */
function sized(heads: readonly (number | null)[], value: bigint, size: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return Buffer.concat([Buffer.from([heads[size] ?? 0]), bytes.subarray(8 - (1 << size))]);
}

const isMap = (item: object): item is { readonly [name: string]: Item } => !Array.isArray(item);
/** Which of 1, 2, 4 and 8 bytes take it; `wide` is how much larger than needed. */
const sizeOf = (value: bigint, wide: number, most: number) =>
  Math.min(most, [8n, 16n, 32n, 64n].findIndex((bits) => value < 1n << bits) + wide);

function messagePack(item: Item, wide = 0): Buffer {
  if (item === null) return Buffer.from([0xc0]);
  if (typeof item === "boolean") return Buffer.from([item ? 0xc3 : 0xc2]);
  if (typeof item === "bigint") return sized([0xcc, 0xcd, 0xce, 0xcf], item, sizeOf(item, wide, 3));
  if (typeof item === "number") {
    const double = Buffer.alloc(9, 0xcb);
    double.writeDoubleBE(item, 1);
    return double;
  }
  const headed = (short: number | null, heads: readonly (number | null)[], length: number, rest: readonly Buffer[]) => {
    const isShort = short !== null && wide === 0 && length < (short === 0xa0 ? 32 : 16);
    const size = Math.max(sizeOf(BigInt(length), wide, 2), heads[0] === null ? 1 : 0);
    return Buffer.concat([isShort ? Buffer.from([short | length]) : sized(heads, BigInt(length), size), ...rest]);
  };
  if (typeof item === "string") {
    const bytes = Buffer.from(item);
    return headed(0xa0, [0xd9, 0xda, 0xdb], bytes.length, [bytes]);
  }
  if (item instanceof Uint8Array) return headed(null, [0xc4, 0xc5, 0xc6], item.length, [Buffer.from(item)]);
  if (!isMap(item))
    return headed(
      0x90,
      [null, 0xdc, 0xdd],
      item.length,
      (item as Item[]).map((one) => messagePack(one, wide)),
    );
  const pairs = Object.entries(item);
  return headed(
    0x80,
    [null, 0xde, 0xdf],
    pairs.length,
    pairs.flat().map((one) => messagePack(one, wide)),
  );
}

function cbor(item: Item, wide = 0): Buffer {
  const head = (major: number, value: bigint) => {
    const first = major << 5;
    if (wide === 0 && value < 24n) return Buffer.from([first | Number(value)]);
    return sized([first | 24, first | 25, first | 26, first | 27], value, sizeOf(value, wide, 3));
  };
  const simple = { null: 0xf6, true: 0xf5, false: 0xf4 };
  if (item === null || typeof item === "boolean") return Buffer.from([simple[`${item}`]]);
  if (typeof item === "bigint") return head(0, item);
  if (typeof item === "number") {
    const double = Buffer.alloc(9, 0xfb);
    double.writeDoubleBE(item, 1);
    return double;
  }
  if (typeof item === "string") return Buffer.concat([head(3, BigInt(Buffer.byteLength(item))), Buffer.from(item)]);
  if (item instanceof Uint8Array) return Buffer.concat([head(2, BigInt(item.length)), item]);
  if (!isMap(item))
    return Buffer.concat([head(4, BigInt(item.length)), ...(item as Item[]).map((one) => cbor(one, wide))]);
  const pairs = Object.entries(item);
  return Buffer.concat([head(5, BigInt(pairs.length)), ...pairs.flat().map((one) => cbor(one, wide))]);
}

const encodings = [
  ["application/msgpack", messagePack],
  ["Application/X-MsgPack; a=b", messagePack],
  ["application/vnd.msgpack", messagePack],
  ["application/vnd.shop+msgpack", messagePack],
  ["application/cbor", cbor],
  ["application/senml+cbor", cbor],
] as const;

function stringsOf(item: Item): string[] {
  if (typeof item === "string") return [item];
  if (item === null || typeof item !== "object" || item instanceof Uint8Array) return [];
  return isMap(item) ? Object.entries(item).flat().flatMap(stringsOf) : (item as Item[]).flatMap(stringsOf);
}

for (const [type, encode] of encodings) {
  test(`${type}: texts are values by themselves, however short, whatever numbers stand beside them`, () => {
    const item = {
      id: 7n,
      big: 2n ** 64n - 1n,
      at: -2.5,
      none: [null, true],
      raw: Buffer.from([0, 255]),
      note: ATTACK,
    };
    for (const wide of [0, 1, 2]) {
      const found = texts(type, encode(item, wide));
      for (const text of stringsOf(item)) assert.ok(found.includes(text), `${text} of ${JSON.stringify(found)}`);
    }
    assert.ok(texts(type, encode([1n, Buffer.from(ATTACK)])).includes(ATTACK), "bytes that are text");
  });
}

test("every text of any value is found", () => {
  const { item } = fc.letrec<{ item: Item }>((tie) => ({
    item: fc.oneof(
      { maxDepth: 4 },
      fc.string({ minLength: 1, maxLength: 40 }),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.double(),
      fc.constantFrom(null, true, false),
      fc.uint8Array({ maxLength: 40 }),
      fc.array(tie("item"), { maxLength: 20 }),
      fc.dictionary(fc.string({ minLength: 1, maxLength: 10 }), tie("item"), { maxKeys: 20, noNullPrototype: true }),
    ),
  }));
  fc.assert(
    fc.property(fc.constantFrom(...encodings), item, fc.nat(2), ([type, encode], value, wide) => {
      const strings = stringsOf(value as Item);
      fc.pre(strings.length < 300);
      const found = texts(type, encode(value as Item, wide));
      for (const text of strings)
        assert.ok(found.includes(text), `${JSON.stringify(text)} of ${JSON.stringify(found)}`);
    }),
    { numRuns: 200 },
  );
});

test("any bytes are read to their end, cut ones as far as they go", () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(fc.constantFrom("application/msgpack", "application/cbor"), bytes, (type, body) => {
      texts(type, body);
    }),
    { numRuns: 500 },
  );
  for (const [type, encode] of encodings) {
    const whole = encode([1n, ATTACK]);
    assert.ok(texts(type, whole.subarray(0, whole.length - 2)).includes(ATTACK.slice(0, -2)));
  }
});

test("the pieces of a string of CBOR without a definite length are one value, led back to what was sent", () => {
  const piece = (major: number, text: string) =>
    Buffer.concat([Buffer.of((major << 5) | 24, text.length), Buffer.from(text)]);
  for (const major of [2, 3]) {
    const pieces = [ATTACK.slice(0, 3), "", ATTACK.slice(3, 4), ATTACK.slice(4)].map((text) => piece(major, text));
    const string = [Buffer.of((major << 5) | 31), ...pieces, Buffer.of(0xff)];
    const body = Buffer.concat([Buffer.of(0x82), ...string, cbor("next")]);
    const found = texts("application/cbor", body);
    assert.ok(found.includes(ATTACK) && found.includes("next"), JSON.stringify(found));
    const request = { method: "POST", path: "/", headers: [["content-type", "application/cbor"]] as const, body };
    const value = (core.values([request])[0] ?? []).findIndex(({ forms: [form] }) =>
      Buffer.from(form?.bytes ?? []).equals(Buffer.from(ATTACK)),
    );
    const [range] = core.locate(request, [{ value, form: 0, start: 3, end: 5 }]);
    assert.deepEqual(
      [range?.start, range?.end],
      [body.indexOf(pieces[2] ?? "") + 2, body.indexOf(pieces[3] ?? "") + 3],
    );
  }
});
