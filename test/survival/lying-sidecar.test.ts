import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { test } from "node:test";
import { eventually } from "../harness/eventually.ts";
import { playedScene } from "./played-scene.ts";
import { answer, begin, benign, frame, playSidecar, type ScoreBehaviour, scores } from "./played-sidecar.ts";

const policy = `
version: 1
mode: prevent
routes:
  - { name: open, match: { path: /eased/** }, public: true, score: { ask: always, deadline: 300ms, onUnavailable: open } }
  - { name: closed, match: { path: /closed/** }, public: true, score: { ask: always, deadline: 300ms } }
  - { name: watched, match: { path: /watched/** }, public: true, mode: detect, score: { ask: always } }
`;
const attack = encodeURIComponent("1' UNION SELECT username, password FROM users WHERE '1'='1' --");

const scene = playedScene(policy, benign);

async function get(path: string): Promise<{ status: number; millis: number; id: string }> {
  const started = performance.now();
  const response = await fetch(`${scene.gate.url}${path}`);
  await response.arrayBuffer();
  const id = response.headers.get("x-postern-decision") ?? "";
  return { status: response.status, millis: performance.now() - started, id };
}

async function residentBytes(): Promise<number> {
  const status = await readFile(`/proc/${scene.gate.envoy.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}

const one = scores(1);
/** Answers that are none: whatever comes, the score is unavailable. */
const faults: readonly [name: string, behave: ScoreBehaviour][] = [
  ["never answers", () => {}],
  ["answers after the deadline", (stream) => void setTimeout(() => answer(stream, one), 600)],
  ["sends no score", (stream) => answer(stream, Buffer.alloc(0))],
  ["sends more scores than it was asked for", (stream, windows) => answer(stream, scores(...windows.map(() => 1), 1))],
  ["gives a probability over 1", (stream, windows) => answer(stream, scores(...windows.map(() => 1_000_001)))],
  ["gives a class that does not exist", (stream) => answer(stream, Buffer.from([0x0a, 4, 8, 1, 16, 99]))],
  ["sends bytes that are no message", (stream) => answer(stream, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))],
  ["cuts its message off", (stream) => answer(stream, one.subarray(0, -1))],
  [
    "announces more than it sends, and ends",
    (stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" });
      stream.end(frame(one, one.length + 10));
    },
  ],
  ["announces more than it sends, and waits", (stream) => begin(stream, frame(one, one.length + 10))],
  ["announces 4 GiB", (stream) => begin(stream, frame(one, 0xffffffff))],
  ["sends half a frame's head", (stream) => begin(stream, Buffer.from([0, 0]))],
  ["claims compression", (stream) => begin(stream, Buffer.concat([Buffer.from([1]), frame(one).subarray(1)]))],
  ["resets the stream", (stream) => stream.close(2)],
  ["ends the connection", (stream) => stream.session?.destroy()],
  ["says goodbye", (stream) => stream.session?.goaway(0xb)],
  ["answers with HTTP 500", (stream) => stream.respond({ ":status": 500 }, { endStream: true })],
  [
    "answers with HTTP 200 that is not gRPC",
    (stream) => {
      stream.respond({ ":status": 200, "content-type": "text/html" });
      stream.end("<html>");
    },
  ],
  [
    "answers OK without a message",
    (stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-status": "0" }, { endStream: true });
    },
  ],
  ["refuses with a status in the trailers", (stream) => answer(stream, Buffer.alloc(0), "8")],
  [
    "answers with 200 headers",
    (stream) => {
      const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`x-${i}`, "a"]));
      stream.respond({ ":status": 200, "content-type": "application/grpc", ...many });
    },
  ],
];

for (const [name, behave] of faults) {
  test(`a sidecar that ${name} costs the score and nothing else`, { timeout: 30_000 }, async () => {
    scene.sidecar.behave = behave;
    const before = scene.upstream.arrivals.length;
    const [open, openAttack, closed, watched] = await Promise.all(
      ["/eased/a?q=hello", `/eased/a?q=${attack}`, "/closed/a?q=hello", "/watched/a?q=hello"].map(get),
    );
    assert.deepEqual([open?.status, openAttack?.status, closed?.status, watched?.status], [200, 403, 503, 200]);
    assert.deepEqual(scene.upstream.arrivals.slice(before).toSorted(), [
      "GET /eased/a?q=hello",
      "GET /watched/a?q=hello",
    ]);
    assert.ok((watched?.millis ?? 0) < 5_000);
    const [seen, refused] = await Promise.all(
      [open, closed].map((decision) => scene.sidecar.record(decision?.id ?? "")),
    );
    assert.deepEqual([seen?.scoredBy, seen?.uninspected], ["SCREEN_ALONE", "score_unavailable"]);
    assert.deepEqual([refused?.scoredBy, refused?.reason], ["UNINSPECTED", "score_unavailable"]);
    const later = await scene.sidecar.record(watched?.id ?? "");
    assert.ok(later.wouldDeny === "score_unavailable" || (name.startsWith("answers after") && later.wouldDeny === ""));
    scene.sidecar.behave = benign;
    assert.equal((await get("/closed/a?q=hello")).status, 200, "and it comes back by itself");
  });
}

test("a sidecar that calls everything harmless can't let through what the screen is sure of", async () => {
  scene.sidecar.behave = benign;
  const before = scene.upstream.arrivals.length;
  assert.equal((await get(`/closed/a?q=${attack}`)).status, 403);
  assert.equal(scene.upstream.arrivals.length, before);
});

test("answers without end are not taken in: the gateway's memory stays as it was", { timeout: 60_000 }, async () => {
  const flood: ScoreBehaviour = (stream) => {
    const block = Buffer.alloc(1024 * 1024);
    begin(stream, frame(block, 512 * 1024 * 1024));
    const more = () => {
      while (!stream.destroyed && stream.write(block));
    };
    stream.on("drain", more);
    more();
  };
  scene.sidecar.behave = flood;
  assert.equal((await get("/closed/a?q=hello")).status, 503);
  const before = await residentBytes();
  for (let round = 0; round < 5; round++) {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => get(`/closed/${round}/${i}`)));
    assert.ok(answers.every(({ status }) => status === 503));
  }
  const grown = (await residentBytes()) - before;
  assert.ok(grown < 16 * 1024 * 1024, `${grown} bytes more`);
  scene.sidecar.behave = benign;
  await eventually(
    async () => (await get("/closed/a?q=hello")).status,
    (status) => status === 200,
  );
});

test("a sidecar that takes fewer records at once gets as many as it takes", { timeout: 60_000 }, async () => {
  await scene.sidecar.stop();
  const ids: string[] = [];
  while (ids.length < 700)
    ids.push(...(await Promise.all(Array.from({ length: 20 }, () => get("/nowhere")))).map((one) => one.id));
  scene.sidecar = await playSidecar(scene.gate.sidecarSocket, benign);
  // What a release before takes.
  scene.sidecar.recordsMost = 512;
  await eventually(
    () => ids.filter((id) => !scene.sidecar.records.has(id)).length,
    (missing) => missing === 0,
  );
});

/** What listens where the sidecar should; null: the socket is not there. */
const strangers: readonly [name: string, serve: ((socket: Socket) => void) | null][] = [
  ["takes connections and says nothing", (socket) => void socket.pause()],
  ["closes what connects", (socket) => socket.destroy()],
  ["speaks HTTP/1.1", (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")],
  ["sends noise", (socket) => socket.end(Buffer.alloc(4096, 0xa5))],
  ["is not there", null],
];

test("whatever listens in the sidecar's place, or nothing, only the score is lost", { timeout: 60_000 }, async () => {
  await scene.sidecar.stop();
  for (const [name, serve] of strangers) {
    await rm(scene.gate.sidecarSocket, { force: true });
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      serve?.(socket);
    });
    if (serve) await new Promise<void>((done) => server.listen(scene.gate.sidecarSocket, done));
    for (let i = 0; i < 3; i++) {
      const answers = await Promise.all(["/eased/a?q=hello", `/eased/a?q=${attack}`, "/closed/a?q=hello"].map(get));
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 403, 503],
        name,
      );
      assert.ok(answers.every(({ millis }) => millis < 5_000));
    }
    for (const socket of sockets) socket.destroy();
    if (serve) await new Promise((done) => server.close(done));
  }
  scene.sidecar = await playSidecar(scene.gate.sidecarSocket, benign);
  await eventually(
    async () => (await get("/closed/a?q=hello")).status,
    (status) => status === 200,
  );
});
