import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { eventually } from "../harness/eventually.ts";
import { playedScene } from "./played-scene.ts";
import { answer, benign, scores } from "./played-sidecar.ts";

const policy = `
version: 1
mode: prevent
routes:
  - { name: watched, match: { path: /watched/** }, public: true, mode: detect, score: { ask: always, deadline: 20s, maxBody: 256KiB } }
  - { name: copied, match: { path: /copied/** }, public: true, mode: observe, score: { maxBody: 256KiB } }
  - { name: large, match: { path: /large/** }, public: true, score: { deadline: 20s, maxBody: 256KiB } }
  - { name: held, match: { path: /held/** }, public: true, score: { ask: always, deadline: 20s } }
`;

const scene = playedScene(policy, benign);

async function get(path: string): Promise<{ status: number; id: string }> {
  const response = await fetch(`${scene.gate.url}${path}`);
  await response.arrayBuffer();
  return { status: response.status, id: response.headers.get("x-postern-decision") ?? "" };
}

test("nothing waits for the score below prevent, and the record is complete though the stream is gone", async () => {
  let give = () => {};
  scene.sidecar.behave = (stream, windows) => {
    give = () => answer(stream, scores(...windows.map(() => 990_000)));
  };
  const { status, id } = await get("/watched/a?q=hello");
  assert.equal(status, 200);
  assert.equal(scene.sidecar.records.has(id), false);
  give();
  const { scoredBy, wouldDeny, responseStatus } = await scene.sidecar.record(id);
  assert.deepEqual([scoredBy, wouldDeny, responseStatus], ["MODEL", "attack_scored", 200]);
});

test("calls that nobody waits for are capped, and leave room for those that somebody does", async () => {
  const held: (() => void)[] = [];
  scene.sidecar.behave = (stream, windows) => held.push(() => benign(stream, windows));
  const ids: string[] = [];
  for (let round = 0; round < 15; round++) {
    for (const { status, id } of await Promise.all(Array.from({ length: 10 }, () => get("/watched/a?q=hello")))) {
      assert.equal(status, 200);
      ids.push(id);
    }
  }
  await eventually(
    () => held.length,
    (calls) => calls === 128,
  );
  // The others are complete already: the screen alone has judged them, or it could not be inspected.
  await eventually(
    () => ids.filter((id) => scene.sidecar.records.get(id)?.uninspected === "score_unavailable").length,
    (uninspected) => uninspected === 22,
  );
  scene.sidecar.behave = benign;
  assert.equal((await get("/held/a?q=hello")).status, 200);
  for (const give of held) give();
  await eventually(
    () => ids.filter((id) => scene.sidecar.records.get(id)?.scoredBy === "MODEL").length,
    (scored) => scored === 128,
  );
});

test("copies of bodies take 2 MiB of a VM at most: what finds no room passes, not inspected and counted", {
  timeout: 60_000,
}, async () => {
  const length = 200 * 1024;
  const uninspected = () => scene.gate.envoy.stat("wasmcustom.postern.uninspected");
  const before = [scene.upstream.requests.length, await uninspected()] as const;
  const uploads = Array.from({ length: 24 }, (_, i) => upload(`/copied/${i}`, length));
  // All but the last byte, of all: every copy that has room lives at the same time.
  for (const { socket } of uploads) socket.write(Buffer.alloc(length - 1, "lorem ipsum "));
  await eventually(
    () => scene.upstream.arrivals.filter((arrival) => arrival.startsWith("POST /copied/")).length,
    (arrived) => arrived === uploads.length,
  );
  await eventually(
    async () => scene.gate.envoy.stat("http.edge.downstream_cx_rx_bytes_total"),
    (received) => received >= uploads.length * (length - 1),
  );
  for (const { socket } of uploads) socket.write(".");
  for (const { answered } of uploads) assert.match(await answered, /^HTTP\/1.1 200/);
  assert.equal(scene.upstream.requests.length - before[0], uploads.length);
  assert.ok(scene.upstream.requests.slice(before[0]).every(({ body }) => body.length === length));
  const refused = await eventually(
    async () => (await uninspected()) - before[1],
    (count) => count > 0,
  );
  // A copy of 200 KiB has 256 KiB at most, so 8 to 10 find room.
  assert.ok(refused >= 14 && refused <= 16, `${refused} were not inspected`);
  await eventually(
    () => [...scene.sidecar.records.values()].filter((record) => record.uninspected === "inspection_budget").length,
    (recorded) => recorded === refused,
  );

  // The room is given back: as many again, one after the other, are all inspected.
  const counted = await uninspected();
  for (let i = 0; i < 12; i++) {
    const { socket, answered } = upload(`/copied/again/${i}`, length);
    socket.write(Buffer.alloc(length, "lorem ipsum "));
    assert.match(await answered, /^HTTP\/1.1 200/);
  }
  await get("/copied/last");
  assert.equal(await uninspected(), counted);
});

test("what a worker has Envoy hold of bodies is bounded: beyond it 503, and the others go on", {
  timeout: 120_000,
}, async () => {
  const length = 256 * 1024;
  // Each a byte short of its end: 256 of them are 64 MiB.
  const uploads = Array.from({ length: 270 }, (_, index) => upload(`/large/${index}`, length));
  const answers: string[] = [];
  for (const { socket, answered } of uploads) {
    socket.write(Buffer.alloc(length - 1, "lorem ipsum "));
    void answered.then((answer) => answers.push(answer));
  }
  await eventually(
    () => answers.length,
    (count) => count >= 14,
  );
  assert.ok(answers.every((answer) => /^HTTP\/1.1 503/.test(answer)));
  for (const { socket } of uploads) socket.write(".");
  const statuses = (await Promise.all(uploads.map(({ answered }) => answered))).map((answer) => answer.slice(9, 12));
  const refused = statuses.filter((status) => status === "503").length;
  assert.ok(refused >= 14 && refused <= 20, `${refused} were refused`);
  assert.equal(statuses.filter((status) => status === "200").length, uploads.length - refused);
  const { socket, answered } = upload("/large/then", length);
  socket.write(Buffer.alloc(length, "lorem ipsum "));
  assert.match(await answered, /^HTTP\/1.1 200/, "the room is given back");
});

function upload(path: string, length: number): { socket: Socket; answered: Promise<string> } {
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(scene.gate.url).port) });
  socket.on("error", () => {});
  socket.write(`POST ${path} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`);
  let text = "";
  socket.on("data", (part: Buffer) => {
    text += part.toString("latin1");
  });
  return { socket, answered: new Promise((done) => socket.once("close", () => done(text))) };
}
