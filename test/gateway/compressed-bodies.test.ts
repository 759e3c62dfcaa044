import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { connect as connectHttp2, type IncomingHttpHeaders } from "node:http2";
import { test } from "node:test";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { runPostern } from "../harness/gateway.ts";
import { type RawAnswer, sendRaw } from "../harness/raw-http.ts";
import { gatewayScene } from "./scene.ts";

const policy = `
version: 1
mode: prevent
routes:
  - { name: comments, match: { path: /comments/** }, public: true, score: { deadline: 2s, maxBody: 16KiB } }
  - { name: uploads, match: { path: /uploads/** }, public: true, score: { deadline: 2s, maxBody: 4KiB, onTooLarge: prefix } }
  - { name: watched, match: { path: /watched/** }, public: true, mode: detect, score: { maxBody: 16KiB } }
  - { name: seen, match: { path: /seen/** }, public: true, mode: observe, score: { maxBody: 16KiB } }
`;
const attack = "1' UNION SELECT username, password FROM users WHERE '1'='1' --";
const hostile = JSON.stringify({ items: [{ note: attack }] });
const harmless = JSON.stringify({ note: "thank you, it's lovely" });
const bomb = gzipSync(Buffer.alloc(10 * 1024 * 1024, " "));

const scene = gatewayScene({ policy });

function head(path: string, encoding: string, rest: string, type = "application/json"): string {
  const lines = [`POST ${path} HTTP/1.1`, "Host: shop.example", `Content-Type: ${type}`, rest];
  return `${[...lines, ...(encoding ? [`Content-Encoding: ${encoding}`] : [])].join("\r\n")}\r\n\r\n`;
}

function post(path: string, encoding: string, body: Buffer, type?: string): Promise<RawAnswer> {
  return sendRaw(scene.gateway.url, [head(path, encoding, `Content-Length: ${body.length}`, type), body]);
}

const record = (answer: RawAnswer) => scene.gateway.waitForRecord(answer.headers["x-postern-decision"] ?? "");

/** As clients of S3 send it, cut in two. */
function awsChunked(text: string): Buffer {
  const frame = (part: string) => `${part.length.toString(16)};chunk-signature=${"0f".repeat(32)}\r\n${part}\r\n`;
  return Buffer.from([text.slice(0, 40), text.slice(40), ""].map(frame).join(""));
}

const codings: [encoding: string, encode: (text: string) => Buffer, decodings: string[]][] = [
  ["gzip", (text) => gzipSync(text), ["gzip"]],
  ["X-GZIP", (text) => gzipSync(text), ["gzip"]],
  ["deflate", (text) => deflateSync(text), ["deflate"]],
  ["deflate", (text) => deflateRawSync(text), ["deflate"]],
  ["gzip, deflate", (text) => deflateSync(gzipSync(text)), ["deflate", "gzip"]],
  ["identity", (text) => gzipSync(text), ["gzip"]],
  ["aws-chunked", awsChunked, ["aws-chunked"]],
  ["utf-8, gzip", (text) => gzipSync(text), ["gzip"]],
  ["", (text) => gzipSync(text), ["gzip"]],
];

for (const [encoding, encode, decodings] of codings) {
  test(`under ${encoding || "no declared coding"} (${decodings}): denied, recorded or let through as the plain body would be`, async () => {
    const seen = scene.upstream.requests.length;
    const body = encode(hostile);
    const answer = await post("/comments/a", encoding, body);
    const { reason, score } = await record(answer);
    assert.deepEqual([answer.status, reason, score.by], [403, "attack_screened", "screen"]);
    const { field, start, end, decodings: told = [] } = score.finding ?? {};
    assert.deepEqual([field, start, end], ["json:/items/0/note", 0, body.length]);
    assert.deepEqual(told.slice(0, decodings.length), decodings);
    assert.equal(scene.upstream.requests.length, seen);

    for (const path of ["/watched/a", "/seen/a"]) {
      const passed = await post(path, encoding, body);
      const { effect, wouldDeny } = await record(passed);
      assert.deepEqual([passed.status, effect, wouldDeny], [200, "permit", "attack_screened"]);
      assert.deepEqual(scene.upstream.requests.at(-1)?.body, body);
    }

    const benign = encode(harmless);
    assert.equal((await post("/comments/a", encoding, benign)).status, 200);
    assert.deepEqual(scene.upstream.requests.at(-1)?.body, benign);
    assert.equal(scene.upstream.requests.at(-1)?.headers["content-encoding"], encoding || undefined);
    assert.equal(scene.upstream.requests.length, seen + 3);
  });
}

const opaque: [name: string, encoding: string, body: Buffer][] = [
  ["br", "br", brotliCompressSync(harmless)],
  ["zstd", "zstd", Buffer.from(harmless)],
  ["three layers", "gzip, gzip, gzip", gzipSync(gzipSync(gzipSync(harmless)))],
  ["no gzip", "gzip", Buffer.from(harmless)],
  ["a cut stream", "gzip", gzipSync(harmless).subarray(0, -4)],
  ["junk after the stream", "gzip", Buffer.concat([gzipSync(harmless), Buffer.from("junk")])],
  ["no deflate", "deflate", Buffer.from(harmless)],
];

for (const [name, encoding, body] of opaque) {
  test(`what can't be inspected is 415 in prevent, recorded below: ${name}`, async () => {
    const seen = scene.upstream.requests.length;
    const answer = await post("/comments/a", encoding, body);
    assert.deepEqual([answer.status, (await record(answer)).reason], [415, "body_encoding"]);
    assert.equal(scene.upstream.requests.length, seen);
    for (const path of ["/watched/a", "/seen/a"]) {
      const passed = await post(path, encoding, body);
      assert.deepEqual([passed.status, (await record(passed)).wouldDeny], [200, "body_encoding"]);
      assert.deepEqual(scene.upstream.requests.at(-1)?.body, body);
    }
  });
}

test("a bomb is 413 where the route says deny, judged by its first bytes where it says prefix, recorded in detect", async () => {
  const seen = scene.upstream.requests.length;
  for (const encoding of ["gzip", ""]) {
    const denied = await post("/comments/a", encoding, bomb);
    assert.deepEqual([denied.status, (await record(denied)).reason], [413, "body_too_large"]);
  }
  assert.equal(scene.upstream.requests.length, seen);

  const prefix = await post("/uploads/a", "gzip", gzipSync(`[${" ".repeat(60_000)}]`));
  const { effect, score } = await record(prefix);
  assert.deepEqual([prefix.status, effect, score.uninspected], [200, "permit", "body_too_large"]);
  const early = await post("/uploads/a", "gzip", gzipSync(`${attack} ${" ".repeat(60_000)}`), "text/plain");
  assert.deepEqual([early.status, (await record(early)).reason], [403, "attack_screened"]);
  // Too large even as it was sent.
  const noise = createHash("shake256", { outputLength: 9000 }).update("noise").digest();
  const sent = gzipSync(Buffer.concat([Buffer.from(`${attack} `), noise]));
  assert.ok(sent.length > 4096);
  assert.deepEqual((await post("/uploads/a", "gzip", sent, "text/plain")).status, 403);
  assert.equal(scene.upstream.requests.length, seen + 1);

  const watched = await post("/watched/a", "gzip", bomb);
  assert.deepEqual([watched.status, (await record(watched)).wouldDeny], [200, "body_too_large"]);
  assert.deepEqual(scene.upstream.requests.at(-1)?.body, bomb);
});

test("a file that looks like gzip and is broken is binary data, and passes", async () => {
  const file = gzipSync(harmless);
  file[file.length - 6] = (file[file.length - 6] ?? 0) ^ 0x40;
  assert.equal((await post("/comments/a", "", file, "application/gzip")).status, 200);
  assert.deepEqual(scene.upstream.requests.at(-1)?.body, file);
});

test("codings in several fields are undone in their order", async () => {
  const seen = scene.upstream.requests.length;
  const fields = "gzip\r\nContent-Encoding: deflate";
  assert.equal((await post("/comments/a", fields, deflateSync(gzipSync(hostile)))).status, 403);
  assert.equal((await post("/comments/a", fields, gzipSync(deflateSync(harmless)))).status, 415);
  assert.equal(scene.upstream.requests.length, seen);
  const benign = deflateSync(gzipSync(harmless));
  assert.equal((await post("/comments/a", fields, benign)).status, 200);
  assert.deepEqual(scene.upstream.requests.at(-1)?.body, benign);
});

test("chunked, in pieces and with trailers: judged whole", async () => {
  const chunk = (part: Buffer) =>
    Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n")]);
  const chunked = (path: string, body: Buffer, end: string) => {
    const start = head(path, "gzip", "Transfer-Encoding: chunked");
    return sendRaw(scene.gateway.url, [start, chunk(body.subarray(0, 15)), chunk(body.subarray(15)), end]);
  };
  for (const end of ["0\r\n\r\n", "0\r\nx-checksum: 1\r\n\r\n"]) {
    const seen = scene.upstream.requests.length;
    assert.equal((await chunked("/comments/a", gzipSync(hostile), end)).status, 403);
    assert.equal(scene.upstream.requests.length, seen);
    for (const [path, body] of [
      ["/comments/a", gzipSync(harmless)],
      ["/watched/a", gzipSync(hostile)],
    ] as const) {
      assert.equal((await chunked(path, body, end)).status, 200);
      assert.deepEqual(scene.upstream.requests.at(-1)?.body, body);
    }
  }
});

test("over HTTP/2, in several frames", async () => {
  const session = connectHttp2(scene.gateway.url);
  const send = (path: string, body: Buffer, encoding: string) =>
    new Promise<number>((done, refuse) => {
      const stream = session.request({
        ":method": "POST",
        ":path": path,
        ":authority": "shop.example",
        "content-type": "application/json",
        "content-encoding": encoding,
      });
      stream.on("response", (headers: IncomingHttpHeaders & { ":status"?: number }) => done(headers[":status"] ?? 0));
      stream.on("error", refuse);
      stream.resume();
      stream.write(body.subarray(0, 11));
      stream.end(body.subarray(11));
    });
  try {
    const seen = scene.upstream.requests.length;
    assert.equal(await send("/comments/a", gzipSync(hostile), "gzip"), 403);
    assert.equal(await send("/comments/a", deflateSync(gzipSync(hostile)), "gzip, deflate"), 403);
    assert.equal(await send("/comments/a", bomb, "gzip"), 413);
    assert.equal(await send("/comments/a", gzipSync(harmless), "br"), 415);
    assert.equal(scene.upstream.requests.length, seen);
    assert.equal(await send("/comments/a", gzipSync(harmless), "gzip"), 200);
    assert.deepEqual(scene.upstream.requests.at(-1)?.body, gzipSync(harmless));
    assert.equal(await send("/watched/a", gzipSync(hostile), "gzip"), 200);
    assert.deepEqual(scene.upstream.requests.at(-1)?.body, gzipSync(hostile));
  } finally {
    session.close();
  }
});

test("explain says what was undone", async () => {
  const { id } = await record(await post("/comments/a", "gzip", gzipSync(hostile)));
  const { output, ended } = runPostern(["explain", id, "--state", scene.gateway.state]);
  assert.equal(await ended, 0, output());
  assert.match(output(), /json:\/items\/0\/note, bytes 0 to \d+, after decoding gzip/);
});

test("bombs leave the memory of the filter where it was", async () => {
  const rss = async () => {
    const [, kibibytes] = /^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${envoy}/status`, "utf8")) ?? [];
    return Number(kibibytes);
  };
  const envoy = await scene.gateway.envoyPid();
  const burst = async (count: number) => {
    for (let i = 0; i < count; i++) assert.equal((await post("/comments/a", "gzip", bomb)).status, 413);
  };
  await burst(50);
  const before = await rss();
  await burst(300);
  assert.ok((await rss()) - before < 6 * 1024, `${before} KiB before, ${await rss()} after`);
});

/** A message of gRPC with one field of text, compressed where `encode` is given. */
function framed(content: string, encode?: (message: Buffer) => Buffer): Buffer {
  const plain = Buffer.concat([Buffer.from([0x0a, content.length]), Buffer.from(content)]);
  const message = encode ? encode(plain) : plain;
  const prefix = Buffer.from([encode ? 1 : 0, 0, 0, 0, message.length]);
  return Buffer.concat([prefix, message]);
}

test("gRPC: a compressed message is judged as the plain one would be, and one that can't be inflated is not inspected", async () => {
  const seen = scene.upstream.arrivals.length;
  const cases: [body: Buffer, encoding: string, reason: string][] = [
    [framed(attack), "identity", "attack_screened"],
    [framed("' OR 1=1 -- -"), "identity", "attack_scored"],
    [framed(attack, (message) => gzipSync(message)), "gzip", "attack_screened"],
    [framed(attack, (message) => deflateSync(message)), "deflate", "attack_screened"],
    [framed(attack, (message) => gzipSync(message)), "snappy", "body_encoding"],
    [framed(attack, (message) => gzipSync(message)), "deflate", "body_encoding"],
    [framed(attack, (message) => gzipSync(message).subarray(0, -1)), "gzip", "body_encoding"],
    [framed(attack, (message) => message), "gzip", "body_encoding"],
    [framed(attack).subarray(0, -1), "gzip", "body_encoding"],
    [framed("a", () => bomb.subarray(0, 200)), "gzip", "body_too_large"],
  ];
  for (const [body, encoding, expected] of cases) {
    const rest = `Content-Length: ${body.length}\r\ngrpc-encoding: ${encoding}`;
    const answer = await sendRaw(scene.gateway.url, [head("/comments/g", "", rest, "application/grpc"), body]);
    const { effect, reason } = await record(answer);
    const scored = reason.startsWith("attack_") ? reason.replace("screened", "scored") : reason;
    assert.deepEqual(
      [effect, scored],
      ["deny", expected.replace("screened", "scored")],
      `${encoding} ${body.toString("latin1")}`,
    );
  }
  assert.equal(scene.upstream.arrivals.length, seen);
});

test("short texts of MessagePack and CBOR are scored; a text in pieces can't be inspected", async () => {
  const item = (head: number[], text: string) => Buffer.concat([Buffer.from(head), Buffer.from(text, "latin1")]);
  const short = "1' OR '1'='1' --";
  const bodies: [type: string, body: Buffer, reason: string][] = [
    ["application/msgpack", item([0x92, 0x07, 0xd9, short.length], short), "attack_screened"],
    ["application/cbor", item([0x82, 0x07, 0x60 | short.length], short), "attack_screened"],
    ["application/msgpack", item([0x92, 0x07, 0xa5], "shoes"), "permitted"],
    ["application/cbor", item([0x9f, 0x07, 0x65], "shoes\xff"), "permitted"],
    ["application/cbor", item([0x7f, 0x65], "shoes\xff"), "permitted"],
    ["application/cbor", item([0x7f, 0x65], "shoes\x01\xff"), "body_encoding"],
  ];
  for (const [type, body, reason] of bodies) {
    const { reason: found } = await record(await post("/comments/1", "", body, type));
    assert.equal(found.replace("scored", "screened"), reason, `${type} ${body.toString("latin1")}`);
  }
});
