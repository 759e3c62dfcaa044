import assert from "node:assert/strict";
import { test } from "node:test";
import { type RawAnswer, sendRaw } from "../harness/raw-http.ts";
import { gatewayScene } from "./scene.ts";

const policy = `
version: 1
mode: prevent
routes:
  - { name: everything, match: { path: /** }, public: true, score: { deadline: 5s, maxBody: 256KiB } }
`;
const attacks = ["1' or 1=1--", ";id", "../../etc/passwd", "<img src=x onerror=alert(1)>", "`whoami`"];
/** One of these at least the screen leaves unsure and the model clears, whatever bundle ships. */
const doubtful = ["evil or", "rm evil", "evil cat", "drop evil", "evil select", "exec evil", "evil ping"];
/** More than are kept each by itself, and short enough for the 60 KiB of all fields. */
const COUNT = 1500;
const ATTACK_AT = 1100;

const scene = gatewayScene({ policy });

const post = (type: string, body: string) =>
  `POST /items HTTP/1.1\r\nHost: shop.example\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const get = (target: string, fields = "") => `GET ${target} HTTP/1.1\r\nHost: shop.example\r\n${fields}\r\n`;
const pairs = (values: readonly string[], separator: string) =>
  values.map((value, index) => `f${index}=${encodeURIComponent(value)}`).join(separator);
const part = (value: string, index: number) =>
  `--X\r\nContent-Disposition: form-data; name="f${index}"\r\n\r\n${value}\r\n`;

const places: Record<string, (values: readonly string[]) => string> = {
  JSON: (values) => post("application/json", JSON.stringify(values)),
  "names of JSON": (values) =>
    post(
      "application/json",
      JSON.stringify(Object.fromEntries(values.map((value) => [/^\d+$/.test(value) ? `order ${value}` : value, 1]))),
    ),
  "a form": (values) => post("application/x-www-form-urlencoded", pairs(values, "&")),
  "multipart/form-data": (values) => post("multipart/form-data; boundary=X", `${values.map(part).join("")}--X--\r\n`),
  "a query": (values) => get(`/items?${pairs(values, "&")}`),
  cookies: (values) => get("/items", `Cookie: ${pairs(values, "; ")}\r\n`),
};

const record = (answer: RawAnswer) => scene.gateway.waitForRecord(answer.headers["x-postern-decision"] ?? "");

for (const [place, request] of Object.entries(places)) {
  test(`an attack behind a thousand harmless values is denied: ${place}`, async () => {
    const values = Array.from({ length: COUNT }, (_, index) => `${(index * 7919) % 10_007}`);
    assert.equal((await sendRaw(scene.gateway.url, request(values))).status, 200, "without");
    const seen = scene.upstream.requests.length;
    const passed: string[] = [];
    for (const attack of attacks) {
      const answer = await sendRaw(scene.gateway.url, request(values.toSpliced(ATTACK_AT, 0, attack)));
      if (answer.status !== 403) passed.push(`${attack}: ${answer.status}`);
    }
    assert.deepEqual(passed, []);
    assert.equal(scene.upstream.requests.length, seen);
  });
}

test("values that the screen leaves unsure do not hide an attack among them, and too many are not waved through", async () => {
  const harmless = Array.from({ length: 600 }, (_, index) => `${index}`);
  const judged = (values: readonly string[]) =>
    sendRaw(scene.gateway.url, post("application/json", JSON.stringify([...harmless, ...values])));
  const decoys = (word: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${word} ${1_234_500 + index}`);
  const isDecoy = async (word: string) => {
    const answer = await judged(decoys(word, 40));
    return answer.status === 200 && (await record(answer)).score.by === "model";
  };
  let decoy: string | undefined;
  for (const word of doubtful) if (decoy === undefined && (await isDecoy(word))) decoy = word;
  assert.ok(decoy, "none of these words is left to the model and passes");
  assert.equal((await judged([...decoys(decoy, 40), "../../etc/passwd"])).status, 403);
  const seen = scene.upstream.requests.length;
  assert.notEqual((await judged(decoys(decoy, 300))).status, 200);
  assert.equal(scene.upstream.requests.length, seen);
});

test("the record names the bytes of the value that carried the score, and how it was decoded", async () => {
  const values = Array.from({ length: COUNT }, (_, index) => `v${index}`).toSpliced(ATTACK_AT, 0, "@");
  const encoded = encodeURIComponent(encodeURIComponent("' or 1=1 -- "));
  const body = pairs(values, "&").replace("%40", encoded);
  const { reason, score } = await record(
    await sendRaw(scene.gateway.url, post("application/x-www-form-urlencoded", body)),
  );
  const { field, start = 0, end = 0, decodings } = score.finding ?? {};
  assert.deepEqual([reason, score.by, field], ["attack_scored", "model", "rest"]);
  assert.deepEqual([body.slice(start, end), decodings], [encoded, ["percent", "percent"]]);
});
