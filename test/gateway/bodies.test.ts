import assert from "node:assert/strict";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { test } from "node:test";
import { readDecisions } from "../../scripts/decision-log/read.ts";
import { type RawAnswer, sendRaw } from "../harness/raw-http.ts";
import { gatewayScene } from "./scene.ts";

const policy = `
version: 1
mode: prevent
routes:
  - { name: comments, match: { path: /comments/** }, public: true, score: { deadline: 2s, maxBody: 16KiB } }
  - { name: forms, match: { path: /forms/** }, public: true, score: { deadline: 2s, maxBody: 128KiB } }
  - { name: uploads, match: { path: /uploads/** }, public: true, score: { deadline: 2s, maxBody: 4KiB, onTooLarge: prefix } }
  - { name: heads, match: { path: /heads/** }, public: true, score: headers }
  - { name: watched, match: { path: /watched/** }, public: true, mode: detect, score: { maxBody: 16KiB } }
`;
const attack = "1' UNION SELECT username, password FROM users WHERE '1'='1' --";
const prose =
  "I can't select a date from the list; it's O'Brien's order, where a <b>bold</b> union of two orders was dropped.";
const json = "Content-Type: application/json";
const form = "Content-Type: application/x-www-form-urlencoded";

const mixed = "Content-Type: multipart/mixed; boundary=X";
const batch = (target: string, note: string) =>
  [
    "--X",
    "Content-Type: application/http",
    "Content-Transfer-Encoding: binary",
    "",
    `PATCH Customers('4711')?${target} HTTP/1.1`,
    "Content-Type: application/json",
    "",
    JSON.stringify({ note }),
    "--X--",
    "",
  ].join("\r\n");
const filter = "$filter=Price%20gt%2051&sap-client=100";

const scene = gatewayScene({ policy });

async function post(path: string, header: string, body: string, pieces?: readonly string[]): Promise<RawAnswer> {
  const head = `POST ${path} HTTP/1.1\r\nHost: shop.example\r\n${header}\r\n`;
  return sendRaw(
    scene.gateway.url,
    pieces ? [`${head}\r\n`, ...pieces] : `${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

const record = (answer: RawAnswer) => scene.gateway.waitForRecord(answer.headers["x-postern-decision"] ?? "");

const denied: [name: string, header: string, body: string, field: string, decoding: string][] = [
  ["a JSON leaf", json, JSON.stringify({ items: [{ note: attack }] }), "json:/items/0/note", ""],
  [
    "base64 inside JSON",
    json,
    JSON.stringify({ note: Buffer.from(attack).toString("base64") }),
    "json:/note",
    "base64",
  ],
  [
    "escapes inside JSON",
    json,
    `{"note":"${[...attack].map((c) => `\\u00${c.charCodeAt(0).toString(16).padStart(2, "0")}`).join("")}"}`,
    "json:/note",
    "",
  ],
  [
    "a form, percent-encoded twice",
    form,
    `a=1&note=${encodeURIComponent(encodeURIComponent(attack))}`,
    "form:note",
    "percent",
  ],
  ["a body in a batch", mixed, batch(filter, attack), "json:/note", ""],
  ["a target in a batch", mixed, batch(`a=${encodeURIComponent(attack)}`, "x"), "query:a", "percent"],
  ["plain text", "Content-Type: text/plain", `Dear shop, ${attack}`, "body", ""],
  ["a body without a type", "X-A: b", attack, "body", ""],
];

for (const [name, header, body, field, decoding] of denied) {
  test(`an attack in ${name} is denied before any byte goes upstream`, async () => {
    const seen = scene.upstream.requests.length;
    const answer = await post("/comments/a", header, body);
    const { reason, score } = await record(answer);
    assert.deepEqual([answer.status, reason, score.by], [403, "attack_screened", "screen"]);
    assert.equal(score.finding?.field, field);
    if (decoding !== "") assert.ok(score.finding?.decodings.includes(decoding), JSON.stringify(score.finding));
    const { start = 0, end = 0 } = score.finding ?? {};
    assert.ok(end > start && end <= Buffer.byteLength(body), "the range lies in the body");
    assert.equal(scene.upstream.requests.length, seen);
  });

  test(`the same on a route in detect passes whole and is recorded: ${name}`, async () => {
    const seen = scene.upstream.requests.length;
    const answer = await post("/watched/a", header, body);
    const { reason, wouldDeny } = await record(answer);
    assert.deepEqual([answer.status, reason, wouldDeny], [200, "permitted", "attack_screened"]);
    assert.equal(scene.upstream.requests[seen]?.body.toString(), body);
  });
}

test("a path behind dozens of slashes is denied as the one that a system makes of it", async () => {
  const answer = await post("/comments/a", json, JSON.stringify({ note: `${"/".repeat(40)}etc/passwd` }));
  const { score } = await record(answer);
  assert.deepEqual([answer.status, score.finding?.decodings], [403, ["slashes"]]);
});

test("the record names the bytes that carried the score, not the whole value", async () => {
  const around = `${prose} `.repeat(20);
  const body = `a=1&note=${encodeURIComponent(`${around}${attack} ${around}`)}`;
  const { score } = await record(await post("/comments/a", form, body));
  const { field, start = 0, end = 0 } = score.finding ?? {};
  assert.equal(field, "form:note");
  assert.ok(decodeURIComponent(body.slice(start, end)).includes(attack.slice(0, 12)), body.slice(start, end));
  assert.ok(end - start < body.length / 4, `${start} to ${end} of ${body.length}`);
});

test("ordinary prose with apostrophes, SQL's words and <b> passes in prevent, unchanged", async () => {
  for (const [header, body] of [
    [json, JSON.stringify({ note: prose, name: "O'Brien" })],
    [form, `note=${encodeURIComponent(prose)}`],
    ["Content-Type: text/plain", prose],
  ] as const) {
    const seen = scene.upstream.requests.length;
    const answer = await post("/comments/a", header, body);
    assert.equal(answer.status, 200, body);
    assert.equal(scene.upstream.requests[seen]?.body.toString(), body);
  }
});

test("an upload with plain fields and a picture, and an order in XML, pass in prevent", async () => {
  const upload = new FormData();
  upload.set("name", "Anna Müller");
  upload.set("note", "It's a nice day");
  const picture = Buffer.from(Array.from({ length: 6000 }, (_, i) => (i * 2654435761) >>> 24));
  upload.set("picture", new Blob([picture], { type: "image/png" }), "beach.png");
  const form = await fetch(`${scene.gateway.url}/comments/a`, { method: "POST", body: upload });
  assert.equal(form.status, 200, form.headers.get("x-postern-decision") ?? "");
  const xml = '<?xml version="1.0"?><order id="5"><item sku="A-1">Book</item></order>';
  assert.equal((await post("/comments/a", "Content-Type: application/xml", xml)).status, 200);
});

test("a batch, messages with an identifier and a form in UTF-16 pass in prevent", async () => {
  const message = "\n$ae990122-9717-4e3a-a5ac-eb3bc67433b1\x12\x04Anna\x18\x07";
  const wide = [..."name=M%C3%BCller%2C+Anna&ort=K%C3%B6ln"].map((character) => `${character}\0`).join("");
  for (const [header, body] of [
    [mixed, batch(filter, "It's a nice day")],
    ["Content-Type: application/x-protobuf", message],
    ["Content-Type: application/grpc", `\0\0\0\0${String.fromCharCode(message.length)}${message}`],
    [`${form}; charset=utf-16le`, wide],
  ] as const) {
    const answer = await post("/comments/a", header, body);
    assert.equal(answer.status, 200, `${header}: ${JSON.stringify((await record(answer)).score)}`);
  }
});

test("the log holds no value of a request", async () => {
  const answer = await post("/comments/a", json, JSON.stringify({ note: attack, other: "sesame-open" }));
  const text = JSON.stringify(await record(answer));
  for (const value of ["UNION", "username", "sesame"]) assert.ok(!text.includes(value));
});

test("a chunked body, sent in pieces and with trailers, is judged whole", async () => {
  const body = JSON.stringify({ note: attack });
  const half = body.length >> 1;
  const chunk = (part: string) => `${part.length.toString(16)}\r\n${part}\r\n`;
  const chunked = `${json}\r\nTransfer-Encoding: chunked`;
  const seen = scene.upstream.requests.length;
  for (const end of ["0\r\n\r\n", "0\r\nx-checksum: 1\r\n\r\n"]) {
    const answer = await post("/comments/a", chunked, "", [chunk(body.slice(0, half)), chunk(body.slice(half)), end]);
    assert.equal(answer.status, 403);
  }
  assert.equal(scene.upstream.requests.length, seen);
  const harmless = await post("/comments/a", chunked, "", [
    chunk('{"note":'),
    chunk('"thank you"}'),
    "0\r\nx-checksum: 1\r\n\r\n",
  ]);
  assert.equal(harmless.status, 200);
  assert.equal(scene.upstream.requests[seen]?.body.toString(), '{"note":"thank you"}');
});

test("expect: 100-continue is answered before the body and does not open the gate", async () => {
  const seen = scene.upstream.requests.length;
  const body = JSON.stringify({ note: attack });
  const header = `${json}\r\nExpect: 100-continue\r\nContent-Length: ${body.length}`;
  const answer = await post("/comments/a", header, "", [body]);
  assert.equal(answer.status, 403);
  assert.equal(scene.upstream.requests.length, seen);
});

test("a long form is looked at as it comes: the same verdict and finding as of one that comes at once", async () => {
  const field = (name: string, text: string) => `${name}=${encodeURIComponent(text)}`;
  const fields = (hostile: number) =>
    Array.from({ length: 60 }, (_, index) => field(`f${index}`, index === hostile ? attack : `${prose} `.repeat(6)));
  for (const hostile of [0, 30, 59]) {
    const body = fields(hostile).join("&");
    const pieces = body.match(/.{1,9000}/g) ?? [];
    const seen = scene.upstream.requests.length;
    const head = `${form}\r\nContent-Length: ${body.length}`;
    const [whole, inPieces] = [await post("/forms/a", form, body), await post("/forms/a", head, "", pieces)];
    assert.deepEqual([whole.status, inPieces.status], [403, 403]);
    const { score } = await record(inPieces);
    assert.deepEqual(score.finding, (await record(whole)).score.finding);
    assert.equal(score.finding?.field, `form:f${hostile}`);
    assert.equal(scene.upstream.requests.length, seen);
  }
  const harmless = fields(-1).join("&");
  const passes = await post(
    "/forms/a",
    `${form}\r\nContent-Length: ${harmless.length}`,
    "",
    harmless.match(/.{1,9000}/g) ?? [],
  );
  assert.equal(passes.status, 200);
  assert.equal(scene.upstream.requests.at(-1)?.body.toString(), harmless);
});

test("over HTTP/2 a body is as large as over HTTP/1.1, and one over the limit gets the same answer", async () => {
  const session = connectHttp2(scene.gateway.url);
  const send = async (path: string, length: number): Promise<[status: number | undefined, body: string]> => {
    const stream = session.request({ ":method": "POST", ":path": path, "content-type": "text/plain" });
    let status: number | undefined;
    let body = "";
    stream.on("response", (fields) => {
      status = fields[":status"];
    });
    stream.on("data", (part: Buffer) => {
      body += part.toString();
    });
    // What it goes on sending after an early answer is refused.
    stream.on("error", () => undefined);
    const closed = new Promise((done) => stream.once("close", done));
    stream.end("the quick brown fox went home. ".repeat(length / 30 + 1).slice(0, length));
    await closed;
    return [status, body];
  };
  try {
    for (const length of [60_000, 70_000, 131_072])
      assert.equal((await send("/forms/a", length))[0], 200, `${length} bytes`);
    const [status, body] = await send("/forms/a", 140_000);
    assert.deepEqual([status, JSON.parse(body).status], [413, 413], "the gate's own answer");
    assert.equal((await send("/uploads/a", 200_000))[0], 200, "judged by its beginning");
  } finally {
    session.destroy();
  }
});

test("a body that its head tells to be over the limit is 413 before any of it has come", async () => {
  const seen = scene.upstream.requests.length;
  const head = (path: string, length: number) =>
    `POST ${path} HTTP/1.1\r\nHost: shop.example\r\n${json}\r\nContent-Length: ${length}\r\n\r\n`;
  const answer = await sendRaw(scene.gateway.url, head("/comments/a", 16_385));
  assert.deepEqual([answer.status, (await record(answer)).reason], [413, "body_too_large"]);
  assert.equal((await sendRaw(scene.gateway.url, head("/comments/a", Number.MAX_SAFE_INTEGER))).status, 413);
  assert.equal(scene.upstream.requests.length, seen);
  // In detect nothing is refused, so that all of it goes on.
  const body = JSON.stringify({ note: prose.repeat(200) });
  const watched = await post("/watched/a", json, body);
  assert.deepEqual([watched.status, (await record(watched)).wouldDeny], [200, "body_too_large"]);
  assert.equal(scene.upstream.requests[seen]?.body.length, body.length);
});

test("with onTooLarge: prefix the first bytes are judged, the rest passes, and the record says so", async () => {
  const filler = "lorem ipsum dolor sit amet ".repeat(3000);
  const seen = scene.upstream.requests.length;
  const harmless = await post("/uploads/a", "Content-Type: text/plain", filler);
  const { effect, score } = await record(harmless);
  assert.deepEqual([harmless.status, effect, score.uninspected], [200, "permit", "body_too_large"]);
  assert.equal(scene.upstream.requests[seen]?.body.length, filler.length);
  const hostile = await post("/uploads/a", "Content-Type: text/plain", `${attack} ${filler}`);
  assert.deepEqual([hostile.status, (await record(hostile)).reason], [403, "attack_scored"]);
  assert.equal(scene.upstream.requests.length, seen + 1);
});

test("score: headers judges the head and lets the body stream", async () => {
  const seen = scene.upstream.requests.length;
  const passes = await post("/heads/a", json, JSON.stringify({ note: attack }));
  assert.equal(passes.status, 200);
  assert.equal(scene.upstream.requests.length, seen + 1);
  const denies = await post(`/heads/a?q=${encodeURIComponent(attack)}`, json, "{}");
  assert.deepEqual([denies.status, (await record(denies)).score.finding?.field], [403, "query:q"]);
});

test("a client that goes away before its body is whole leaves a record and nothing upstream", async () => {
  const seen = scene.upstream.requests.length;
  const { hostname, port } = new URL(scene.gateway.url);
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => {
      socket.write("POST /comments/gone HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 100\r\n\r\nhalf", () => {
        socket.end();
        socket.resume();
      });
    });
    socket.on("close", () => resolve()).on("error", reject);
  });
  const next = await post("/comments/after", json, "{}");
  assert.equal(next.status, 200);
  assert.equal(scene.upstream.requests.length, seen + 1);
  await record(next);
  const reasons: string[] = [];
  for await (const decision of readDecisions(scene.gateway.state)) reasons.push(decision.reason);
  assert.equal(reasons.filter((reason) => reason === "request_incomplete").length, 1);
});
