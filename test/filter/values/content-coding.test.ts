import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { type CoreValue, loadCore } from "../../../scripts/core.ts";

const core = await loadCore();
const SCRIPT = "<script>alert(1)</script>";
const JSON_BODY = JSON.stringify({ items: [{ note: SCRIPT }] });

type Headers = readonly (readonly [name: string, value: string])[];

function bodyValues(headers: Headers, body: Uint8Array): readonly CoreValue[] {
  const [values = []] = core.values([{ method: "POST", path: "/", headers, body }]);
  return values.filter(({ component }) => component === "body");
}

const coded = (encoding: string, body: Uint8Array, type = "application/json") =>
  bodyValues([...(type ? [["content-type", type] as const] : []), ["content-encoding", encoding]], body);

const text = (value: CoreValue | undefined) => Buffer.from(value?.forms[0]?.bytes ?? []).toString("latin1");
const found = (values: readonly CoreValue[], label: string) => values.find((value) => value.label === label);

const stacks: [encoding: string, body: Buffer, decodings: string[]][] = [
  ["gzip", gzipSync(JSON_BODY), ["gzip"]],
  ["x-gzip", gzipSync(JSON_BODY), ["gzip"]],
  ["GZip", gzipSync(JSON_BODY), ["gzip"]],
  ["deflate", deflateSync(JSON_BODY), ["deflate"]],
  ["Deflate", deflateRawSync(JSON_BODY), ["deflate"]],
  ["gzip", Buffer.concat([gzipSync(JSON_BODY.slice(0, 9)), gzipSync(JSON_BODY.slice(9))]), ["gzip"]],
  ["gzip, gzip", gzipSync(gzipSync(JSON_BODY)), ["gzip", "gzip"]],
  ["gzip,\tdeflate ", deflateSync(gzipSync(JSON_BODY)), ["deflate", "gzip"]],
  ["identity, deflate,identity,gzip", gzipSync(deflateSync(JSON_BODY)), ["gzip", "deflate"]],
  // Compressed once more than is said.
  ["gzip", gzipSync(gzipSync(JSON_BODY)), ["gzip", "gzip"]],
  ["identity", gzipSync(JSON_BODY), ["gzip"]],
  // Empty elements of a list.
  ["", gzipSync(JSON_BODY), ["gzip"]],
  [",gzip, ,", gzipSync(JSON_BODY), ["gzip"]],
];

for (const [encoding, body, decodings] of stacks) {
  test(`content-encoding: ${encoding} (${decodings}): values tell what was undone, over the whole body`, () => {
    const values = coded(encoding, body);
    const note = found(values, "json:/items/0/note");
    assert.equal(text(note), SCRIPT);
    assert.deepEqual(note?.forms[0]?.decodings, decodings);
    assert.deepEqual([note?.start, note?.end], [0, body.length]);
  });
}

test("codings stand in one field or in several, in the order in which they were applied", () => {
  const body = deflateSync(gzipSync(JSON_BODY));
  const type = ["content-type", "application/json"] as const;
  const split = [type, ["content-encoding", "gzip"], ["content-encoding", "deflate"]] as const;
  assert.ok(found(bodyValues(split, body), "json:/items/0/note"));
  const turned = [type, ["content-encoding", "deflate"], ["content-encoding", "gzip"]] as const;
  assert.deepEqual(bodyValues(turned, body), []);
});

const gzip = gzipSync(JSON_BODY);
const opaque: [name: string, encoding: string, body: Buffer][] = [
  ["brotli", "br", gzip],
  ["zstd", "zstd", gzip],
  ["a parameter", "gzip;q=1", gzip],
  ["part of a name", "gzi", gzip],
  ["a name of blanks and more", "gzip, ,br", gzip],
  ["three layers", "gzip, gzip, gzip", gzipSync(gzipSync(gzip))],
  ["one layer more than there is", "gzip, gzip", gzip],
  ["plain text", "gzip", Buffer.from(JSON_BODY)],
  ["plain text as deflate", "deflate", Buffer.from(JSON_BODY)],
  ["gzip as deflate", "deflate", gzip],
  ["a stream without its end", "gzip", gzip.subarray(0, -1)],
  ["a wrong checksum", "gzip", Buffer.concat([gzip.subarray(0, -8), Buffer.alloc(4), gzip.subarray(-4)])],
  ["something after the end", "gzip", Buffer.concat([gzip, Buffer.from("a")])],
  ["zeros after the end", "gzip", Buffer.concat([gzip, Buffer.alloc(4)])],
  ["two zlib streams", "deflate", Buffer.concat([deflateSync("[1,"), deflateSync("2]")])],
  ["a preset dictionary", "deflate", deflateSync(JSON_BODY, { dictionary: Buffer.from("script") })],
];
for (const [name, encoding, body] of opaque) {
  test(`nothing is read of a body whose coding is not sound: ${name}`, () => {
    assert.deepEqual(coded(encoding, body), []);
  });
}

test("gzip that nobody declared is read as what it is and as what it looks like", () => {
  for (const type of ["application/gzip", "application/octet-stream", ""]) {
    const headers = type ? ([["content-type", type]] as const) : [];
    assert.ok(found(bodyValues(headers, gzip), "json:/items/0/note"), type);
    assert.ok(found(bodyValues(headers, gzipSync(gzip)), "json:/items/0/note"), type);
    const [broken, stored] = [Buffer.from(gzip), gzipSync(JSON_BODY, { level: 0 })];
    broken[gzip.length - 5] = (broken[gzip.length - 5] ?? 0) ^ 1;
    stored[stored.length - 5] = (stored[stored.length - 5] ?? 0) ^ 1;
    assert.deepEqual(bodyValues(headers, broken), []);
    const [asSent] = bodyValues(headers, stored);
    assert.ok(text(asSent).includes(SCRIPT), "a broken one is binary with text in it");
    assert.deepEqual(asSent?.forms[0]?.decodings, []);
  }
});

test("for a server that knows no codings: text in the header of gzip and in what was sent", () => {
  const plain = gzipSync("{}");
  const head = Buffer.from(plain.subarray(0, 10));
  head[3] = 4 | 8 | 16;
  const carried = Buffer.concat([Buffer.from("\x06\0&q=1--../../x\0' or 1=1\0", "latin1"), plain.subarray(10)]);
  const texts = coded("gzip", Buffer.concat([head, carried]));
  assert.deepEqual(
    texts.map((value) => [text(value), value.start, value.end]),
    [
      ["&q=1--", 12, 18],
      ["../../x", 18, 25],
      ["' or 1=1", 26, 34],
    ],
  );
  const stored = coded("gzip", gzipSync(JSON_BODY, { level: 0 }));
  assert.deepEqual([...new Set(stored.map((value) => value.forms[0]?.decodings.join()))], ["gzip", ""]);
});

test("in a compressed multipart body every value has the whole body as its range", () => {
  const part = (head: string, content: string) =>
    `--XbX\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n`;
  const encoded = `--XbX\r\nContent-Disposition: form-data; name="b"\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(SCRIPT).toString("base64")}\r\n`;
  const form = `preamble\r\n${part('name="a"', SCRIPT)}${encoded}${part('name="f"; filename="x.txt"', SCRIPT)}--XbX--\r\n`;
  const body = deflateSync(form);
  const values = coded("deflate", body, "multipart/form-data; boundary=XbX");
  assert.equal(values.filter((value) => text(value) === SCRIPT).length, 3);
  for (const { start, end, forms } of values) {
    assert.deepEqual([start, end, forms[0]?.decodings[0]], [0, body.length, "deflate"]);
  }
});

test("a flood of values in a compressed body hides nothing, and the rest is told as the others are", () => {
  const leaves = [...Array.from({ length: 900 }, (_, index) => `v${index}`), encodeURIComponent(SCRIPT)];
  const body = gzipSync(JSON.stringify(leaves));
  const values = coded("gzip", body);
  const rest = found(values, "rest");
  assert.ok(values.length <= 514);
  assert.ok(rest?.forms.some(({ bytes }) => Buffer.from(bytes).includes(SCRIPT)));
  assert.deepEqual([rest?.start, rest?.end, rest?.forms[0]?.decodings], [0, body.length, ["gzip"]]);
});

test("values of a compressed body are those of the plain one, but for range and decodings", () => {
  const types = ["application/json", "application/x-www-form-urlencoded", "text/xml", "text/plain", ""];
  const plain = fc.oneof(
    fc.json(),
    fc.webQueryParameters(),
    fc.string({ unit: "grapheme" }),
    fc.string({
      unit: fc.constantFrom("<a>", "</a>", "%3c", "&lt;", "a", "=", "&", "{", '"', "\\u003c", "PHNjcmlwdD4="),
    }),
  );
  fc.assert(
    fc.property(
      plain,
      fc.constantFrom(...types),
      fc.constantFrom(gzipSync, deflateSync, deflateRawSync),
      (content, type, write) => {
        const bytes = Buffer.from(content);
        if (bytes.length === 0) return;
        const coding = write === gzipSync ? "gzip" : "deflate";
        const tell = (values: readonly CoreValue[], skip: number) =>
          values.map(({ kind, label, forms }) => [
            kind,
            label,
            forms.map((form) => [form.decodings.slice(skip), Buffer.from(form.bytes).toString("latin1")]),
          ]);
        const inflated = coded(coding, write(bytes, { level: 9 }), type).filter(
          (value) => value.forms[0]?.decodings[0] === coding,
        );
        assert.deepEqual(tell(inflated, 1), tell(bodyValues(type ? [["content-type", type]] : [], bytes), 0));
      },
    ),
    { numRuns: 1000 },
  );
});

test("no edit of a compressed body traps, and ranges stay in it", () => {
  const bodies = [
    gzip,
    gzipSync(gzip),
    deflateSync(JSON_BODY),
    deflateRawSync(JSON_BODY),
    gzipSync(JSON_BODY, { level: 0 }),
  ];
  const encodings = fc.constantFrom("gzip", "deflate", "gzip,gzip", "deflate, gzip", "identity", "");
  const edits = fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 3 });
  fc.assert(
    fc.property(fc.constantFrom(...bodies), encodings, edits, fc.nat(20), (whole, encoding, changes, cut) => {
      const body = Buffer.from(whole.subarray(0, cut > 4 ? whole.length : whole.length - cut));
      for (const [at, byte] of changes) if (at < body.length) body[at] = byte;
      const values = encoding ? coded(encoding, body) : bodyValues([], body);
      for (const { start, end } of values) assert.ok(start < end && end <= body.length);
    }),
    { numRuns: 5000 },
  );
});

const chunk = (content: string | Buffer, extension = `;chunk-signature=${"0f".repeat(32)}`) =>
  Buffer.concat([
    Buffer.from(`${content.length.toString(16)}${extension}\r\n`),
    Buffer.from(content),
    Buffer.from("\r\n"),
  ]);

test("content-encoding: aws-chunked (S3): what the chunks hold is joined, whatever else is named", () => {
  const at = JSON_BODY.indexOf("script") + 3;
  const halves = [JSON_BODY.slice(0, at), JSON_BODY.slice(at), ""];
  const [signed, plain] = [halves.map((half) => chunk(half)), halves.map((half) => chunk(half, ""))];
  const trailer = Buffer.from("x-amz-checksum-crc32:AAAAAA==\r\n\r\n");
  const packed = [gzipSync(JSON_BODY).subarray(0, 20), gzipSync(JSON_BODY).subarray(20), Buffer.alloc(0)];
  for (const [encoding, body, decodings] of [
    ["aws-chunked", Buffer.concat(signed), ["aws-chunked"]],
    ["AWS-Chunked", Buffer.concat([...plain.slice(0, -1), Buffer.from("0\r\n"), trailer]), ["aws-chunked"]],
    ["aws-chunked, gzip", Buffer.concat(packed.map((part) => chunk(part))), ["aws-chunked", "gzip"]],
    ["gzip,aws-chunked", Buffer.concat(packed.map((part) => chunk(part))), ["aws-chunked", "gzip"]],
    // S3 takes it without chunks, too.
    ["aws-chunked", Buffer.from(JSON_BODY), []],
    ["utf-8", Buffer.from(JSON_BODY), []],
    ["UTF8", Buffer.from(JSON_BODY), []],
  ] as const) {
    const note = found(coded(encoding, body), "json:/items/0/note");
    assert.equal(text(note), SCRIPT, encoding);
    assert.deepEqual(note?.forms[0]?.decodings, decodings);
  }
});

test("content-encoding: aws-chunked: what stands beside sizes and content is judged, and nothing twice", () => {
  const body = Buffer.concat([
    chunk(`["x"]`, `;a=${SCRIPT}`),
    chunk("", `;b=${SCRIPT}`).subarray(0, -2),
    Buffer.from(SCRIPT),
  ]);
  assert.deepEqual(coded("aws-chunked", body).map(text), ["x", `a=${SCRIPT}`, `b=${SCRIPT}`, SCRIPT]);
});

test("content-encoding: aws-chunked: chunks that are not sound leave nothing to be known", () => {
  const sound = Buffer.concat([chunk(JSON_BODY), chunk("")]);
  for (const body of [
    sound.subarray(0, 40),
    chunk(JSON_BODY),
    Buffer.concat([chunk(JSON_BODY), Buffer.from("x\r\n")]),
    Buffer.from(sound.toString().replace(/^../, "11")),
    Buffer.from(sound.toString().replace(";", "\r")),
    Buffer.from("fffffffff;\r\n"),
  ]) {
    assert.deepEqual(coded("aws-chunked", body), [], body.toString());
  }
});
