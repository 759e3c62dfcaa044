import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { type CoreValue, loadCore } from "../../../scripts/core.ts";

const core = await loadCore();
const ATTACK = "' OR 1=1--";

function values(type: string, body: Uint8Array, ...more: (readonly [string, string])[]): readonly CoreValue[] {
  const headers = [["content-type", type] as const, ...more];
  const [all = []] = core.values([{ method: "POST", path: "/", headers, body }]);
  return all.filter(({ component }) => component === "body");
}

const text = (value: CoreValue | undefined) => Buffer.from(value?.forms[0]?.bytes ?? []).toString();
const found = (all: readonly CoreValue[], content = ATTACK) => all.find((value) => text(value) === content);

/** A length-delimited field. */
const field = (number: number, content: string | Buffer) =>
  Buffer.concat([Buffer.from([(number << 3) | 2, Buffer.byteLength(content)]), Buffer.from(content as string)]);
const frame = (message: Buffer, flags = 0) => {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flags);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
};
const message = Buffer.concat([field(1, "tea"), Buffer.from([0x10, 7]), field(3, field(2, ATTACK))]);

for (const [type, body] of [
  ["application/grpc", frame(message)],
  ["application/grpc+proto", Buffer.concat([frame(field(1, "x")), frame(message)])],
  [" Application/gRPC-Web+proto; a=b", frame(message)],
  ["application/grpc-web-text", Buffer.from(frame(message).toString("base64"))],
  ["application/connect+proto", frame(message)],
  ["application/protobuf", message],
  ["application/x-protobuf", message],
  ["application/vnd.shop.orders+protobuf", message],
  ["application/vnd.shop.orders+Proto; a=b", message],
] as const) {
  test(`${type}: texts of a message are values by themselves, however short, named by their fields`, () => {
    const value = found(values(type, body));
    assert.equal(value?.label, "body.3.2");
  });
}

for (const [header, encoding, compress] of [
  ["grpc-encoding", "gzip", gzipSync],
  ["grpc-encoding", "Deflate", deflateSync],
  ["connect-content-encoding", "gzip", gzipSync],
] as const) {
  test(`${header}: ${encoding}: a compressed message is inflated, and says where it stands`, () => {
    const compressed = frame(compress(message), 1);
    const body = Buffer.concat([frame(field(1, "x")), compressed]);
    const value = found(values("application/grpc", body, [header, encoding]));
    assert.equal(value?.label, "body.3.2");
    assert.deepEqual(value?.forms[0]?.decodings, [encoding.toLowerCase()]);
    assert.deepEqual([value?.start, value?.end], [body.length - compressed.length + 5, body.length]);
  });
}

test("JSON in a message is read as JSON", () => {
  const json = Buffer.from(JSON.stringify({ a: ATTACK }));
  for (const body of [frame(json), frame(gzipSync(json), 1)]) {
    const all = values("application/grpc+json", body);
    assert.ok(all.some((value) => value.label === "json:/a" && text(value) === ATTACK));
  }
});

const uuid = "ae990122-9717-4e3a-a5ac-eb3bc67433b1";
const texts = (type: string, body: Uint8Array) => values(type, body).map(text);

test("a message is no text besides: the length of a field is not judged with what it holds", () => {
  const both = Buffer.concat([field(1, uuid), Buffer.from([0x18, 7])]);
  for (const message of [field(1, uuid), both]) {
    assert.deepEqual(texts("application/x-protobuf", message), [uuid]);
    assert.deepEqual(texts("application/grpc", Buffer.concat([frame(message), frame(Buffer.alloc(0))])), [uuid]);
  }
  assert.deepEqual(texts("application/connect+json", frame(Buffer.from('{"a":"it is a longer text"}'))), [
    "it is a longer text",
  ]);
});

test("gRPC-Web in base64 is no text besides: nothing else can be said in its digits", () => {
  const digits = frame(field(1, uuid)).toString("base64");
  assert.deepEqual(texts("application/grpc-web-text", Buffer.from(digits)), [uuid]);
  const marked = Buffer.from(digits.replace(/=*$/, "'$&"));
  assert.deepEqual(texts("application/grpc-web-text", marked)[0], uuid);
  assert.ok(texts("application/grpc-web-text", marked).length > 1);
});

test("what may be meant as text is looked at as one, too, though a message can be read in it", () => {
  // Fields of eight bytes, `1` and `a`, which no text of a message holds.
  const attack = "1' or 1=1a --     ";
  assert.deepEqual(texts("application/x-protobuf", Buffer.from(attack)), [attack]);
  const long = `${attack}${attack}`;
  assert.deepEqual(texts("application/x-protobuf", Buffer.from(`${long}\x08\x01`)), [long]);
  const parts = Buffer.from(`b!${"x".repeat(33)}b!${"y".repeat(33)}`);
  assert.ok(texts("application/x-protobuf", parts).includes(parts.toString()));
  for (const body of ['{"a":"b"}', "<?xml?><a>b</a>", "a=b"]) {
    assert.ok(texts("application/x-protobuf", Buffer.from(body)).includes("b"), body);
  }
});

test("messages that are compressed, cut off, declared in a character set or none are looked at as they were sent, too", () => {
  const long = `${"some text ".repeat(3)}\0`;
  const type = "application/grpc";
  assert.ok(texts(type, frame(Buffer.from(long))).length > 1);
  assert.deepEqual(texts(`${type}; charset=utf-8`, frame(field(1, uuid))), [uuid]);
  assert.ok(texts(`${type}; charset=utf-16`, frame(field(1, uuid))).length > 1);
  assert.deepEqual(texts(`${type}; charset=ibm037`, frame(field(1, uuid))), [uuid]);
});

test("any bytes are read to their end", () => {
  const types = ["application/grpc", "application/grpc-web-text", "application/grpc+json", "application/x-protobuf"];
  fc.assert(
    fc.property(
      fc.constantFrom(...types),
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 }),
      (type, parts) => {
        const framed = Buffer.concat(parts.map((part, index) => frame(Buffer.from(part), index % 3)));
        for (const body of [framed, Buffer.concat(parts)]) if (body.length > 0) values(type, body);
      },
    ),
    { numRuns: 300 },
  );
});
