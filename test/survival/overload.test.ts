import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { makeIssuer } from "../harness/issuer.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { type Enforcement, startEnforcement } from "./enforcement.ts";
import { answer, benign, type PlayedSidecar, playSidecar } from "./played-sidecar.ts";
import { MixedTraffic, mixedPolicy } from "./traffic.ts";

/** What the model manages: calls in a second, one after the other, and so many that wait for it; others are refused. */
const CAPACITY = 40;
const ADMITTED = 16;
const RESOURCE_EXHAUSTED = "8";
const SECONDS = 4;

let upstream: RecordingUpstream;
let gate: Enforcement;
let sidecar: PlayedSidecar;
let traffic: MixedTraffic;
let [scored, shed] = [0, 0];

before(
  async () => {
    upstream = await startRecordingUpstream();
    const issuer = await makeIssuer("https://issuer.shop.example", "orders");
    const policy = mixedPolicy("150ms").replace("file: ./jwks.json", `inline: ${issuer.jwks}`);
    gate = await startEnforcement({ upstream: upstream.url, policy });
    let waiting = 0;
    let free = 0;
    sidecar = await playSidecar(gate.sidecarSocket, (stream, windows) => {
      if (waiting >= ADMITTED) {
        shed++;
        return answer(stream, Buffer.alloc(0), RESOURCE_EXHAUSTED);
      }
      waiting++;
      free = Math.max(free, performance.now()) + 1000 / CAPACITY;
      setTimeout(() => {
        waiting--;
        scored++;
        benign(stream, windows);
      }, free - performance.now());
    });
    traffic = await MixedTraffic.make(gate.url, upstream, issuer);
  },
  { timeout: 120_000 },
);
after(async () => {
  await gate.stop();
  await sidecar.stop();
  await upstream.stop();
});

async function ask(route: "eased" | "closed"): Promise<number> {
  const response = await fetch(`${gate.url}/${route}/more?q=hello`);
  await response.arrayBuffer();
  return response.status;
}

test("at three times what the model manages the score is shed; tokens and privileges never are", {
  timeout: 120_000,
}, async (context) => {
  let over = false;
  const mixed = traffic.run(4, () => over);
  const answers: Promise<number>[] = [];
  const started = performance.now();
  // Three times the capacity, whether or not answers come.
  while (answers.length < 3 * CAPACITY * SECONDS) {
    const due = ((performance.now() - started) / 1000) * 3 * CAPACITY;
    while (answers.length < due) answers.push(ask(answers.length % 2 === 0 ? "eased" : "closed"));
    await sleep(5);
  }
  const statuses = await Promise.all(answers);
  const arrived = upstream.arrivals.filter((arrival) => arrival.includes("/more?")).length;
  over = true;
  const tally = await mixed;

  const refused = statuses.filter((status) => status === 503).length;
  context.diagnostic(
    `${statuses.length} asked, ${scored} scored, ${shed} shed; beside them ${tally.sent} of every kind`,
  );
  assert.ok(statuses.every((status, i) => status === 200 || (i % 2 === 1 && status === 503)));
  assert.ok(shed > CAPACITY && refused > 0, "the overload was none");
  assert.equal(arrived, statuses.length - refused);
  assert.deepEqual([tally.unanswered, tally.wrong.slice(0, 5), tally.undecided.slice(0, 5)], [0, [], []]);
  assert.ok(tally.sent >= 16, "each kind was sent");
});
