import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { SCREEN_SEGMENT_OFFSET, screenSegment } from "../../scripts/build/bundle.ts";
import { insertDataSegment } from "../../scripts/build/data-segment.ts";
import { compileFilter } from "../harness/compile-filter.ts";
import { eventually } from "../harness/eventually.ts";
import { sendRaw } from "../harness/raw-http.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { type Enforcement, startEnforcement } from "./enforcement.ts";
import { benign, type PlayedSidecar, playSidecar } from "./played-sidecar.ts";

const policy = `
version: 1
mode: prevent
routes:
  - { name: asked, match: { path: /asked/** }, public: true, score: { ask: always, deadline: 30s } }
  - { name: screened, match: { path: /screened/** }, public: true }
  - { name: watched, match: { path: /watched/** }, public: true, mode: detect }
`;
const attack = encodeURIComponent("1' UNION SELECT username, password FROM users WHERE '1'='1' --");
/** In the rendered listener it is five minutes; everything else is as rendered. */
const requestTimeoutMillis = 4_000;

let folder: string;
let upstream: RecordingUpstream;
let gate: Enforcement;
let sidecar: PlayedSidecar;

before(
  async () => {
    folder = await mkdtemp(join(tmpdir(), "trap-"));
    const wasmFile = join(folder, "trap.wasm");
    await compileFilter("test/filter/entries/trap-entry.ts", wasmFile);
    const segment = await screenSegment("models/bundle");
    await writeFile(wasmFile, insertDataSegment(await readFile(wasmFile), SCREEN_SEGMENT_OFFSET, segment));
    upstream = await startRecordingUpstream((request, response) => {
      if (!request.url?.endsWith("/endless")) return response.end("ok");
      response.write("first");
    });
    const requestTimeout = `${requestTimeoutMillis / 1000}s`;
    gate = await startEnforcement({ upstream: upstream.url, policy, wasmFile, requestTimeout });
    sidecar = await playSidecar(gate.sidecarSocket, benign);
  },
  { timeout: 180_000 },
);
after(async () => {
  await gate.stop();
  await sidecar.stop();
  await upstream.stop();
  await rm(folder, { recursive: true, force: true });
});

const request = (line: string, more = "") => `${line} HTTP/1.1\r\nHost: shop.example\r\n${more}\r\n`;
const status = async (line: string, more = "") => (await sendRaw(gate.url, request(line, more))).status;

/** A client that stays, and what it got. */
function dial(bytes: string): { socket: Socket; text: () => string; millis: Promise<number> } {
  const started = performance.now();
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(gate.url).port) });
  let text = "";
  const answered = new Promise<number>((done) => {
    const end = () => done(performance.now() - started);
    socket.on("data", (part: Buffer) => {
      text += part.toString("latin1");
      if (/^HTTP\/1.1 [345]/.test(text)) end();
    });
    socket.on("close", end).on("error", () => {});
  });
  socket.write(bytes);
  return { socket, text: () => text, millis: answered };
}

test("a trap of the VM lets nothing through, and nobody waits for ever", { timeout: 120_000 }, async (context) => {
  let asked = 0;
  sidecar.behave = () => asked++;
  const waiting = dial(request("GET /asked/waiting"));
  const half = dial(`${request("POST /screened/half", "Content-Length: 40\r\n")}half of it`);
  const copied = dial(`${request("POST /watched/half", "Content-Length: 40\r\n")}half of it`);
  const flowing = dial(request("GET /screened/endless"));
  await eventually(
    () => [asked, flowing.text().includes("first"), upstream.arrivals.includes("POST /watched/half")],
    ([calls, flows, arrived]) => calls === 1 && flows === true && arrived === true,
  );
  const before = upstream.arrivals.length;
  assert.equal(await status("GET /screened/a", "x-trap: now\r\n"), 503);
  const trapped = performance.now();

  // Until the VM is back every request is refused; then the gate is as strict as before.
  let refused = 0;
  await eventually(
    async () => {
      const answers = await Promise.all([status("GET /screened/a"), status(`GET /screened/a?q=${attack}`)]);
      assert.ok(
        answers.every((one) => one === 503 || one === 403 || one === 200),
        `${answers}`,
      );
      assert.notEqual(answers[1], 200);
      if (answers.includes(503)) refused++;
      return answers;
    },
    ([harmless, hostile]) => harmless === 200 && hostile === 403,
  );
  context.diagnostic(
    `reloaded after ${Math.round(performance.now() - trapped)} ms, ${refused} rounds refused meanwhile`,
  );

  half.socket.write("x".repeat(30));
  copied.socket.write("x".repeat(30));
  for (const [name, client] of Object.entries({ waiting, half, copied })) {
    const millis = await client.millis;
    context.diagnostic(`${name}: ${client.text().slice(0, 12) || "closed"} after ${Math.round(millis)} ms`);
    assert.ok(millis < requestTimeoutMillis + 15_000, `${name} ended after ${millis} ms`);
    assert.doesNotMatch(client.text(), /^HTTP\/1.1 2/);
  }
  const arrived = upstream.arrivals.slice(before);
  assert.ok(arrived.length > 0 && arrived.every((one) => one === "GET /screened/a"), `${arrived}`);
  for (const { socket } of [waiting, half, copied, flowing]) socket.destroy();

  sidecar.behave = benign;
  assert.equal(await status("GET /asked/after"), 200);
  await eventually(
    () => [...sidecar.records.values()].some(({ route }) => route === "asked"),
    (reported) => reported,
  );
});

test("traps in a row leave the gate closed until it is back, never open", { timeout: 60_000 }, async () => {
  const before = upstream.arrivals.length;
  const statuses: number[] = [];
  for (let i = 0; i < 20; i++) {
    statuses.push(await status("GET /screened/a", "x-trap: now\r\n"));
    statuses.push(await status(`GET /screened/a?q=${attack}`));
  }
  assert.ok(
    statuses.every((one) => one === 503 || one === 403),
    `${statuses}`,
  );
  assert.equal(upstream.arrivals.length, before);
  await eventually(
    () => status("GET /screened/a"),
    (one) => one === 200,
  );
});
