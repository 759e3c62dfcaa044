import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startTestGateway, type TestGateway } from "../harness/gateway.ts";
import { makeIssuer } from "../harness/issuer.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { MixedTraffic, mixedPolicy } from "./traffic.ts";

const MEASURE_MILLIS = 3_000;
const OVERLOAD_MILLIS = 4_000;

let upstream: RecordingUpstream;
let gateway: TestGateway;
let traffic: MixedTraffic;

before(
  async () => {
    upstream = await startRecordingUpstream();
    const issuer = await makeIssuer("https://issuer.shop.example", "orders");
    gateway = await startTestGateway({
      upstream: upstream.url,
      policy: mixedPolicy("2s"),
      files: { "jwks.json": issuer.jwks },
    });
    traffic = await MixedTraffic.make(gateway.url, upstream, issuer);
  },
  { timeout: 120_000 },
);
after(async () => {
  await gateway.stop();
  await upstream.stop();
});

/** A request of as many windows as a call takes, so that the model is what runs short, and not the client. */
async function heavy(route: "open" | "closed"): Promise<{ status: number; id: string }> {
  const query = Array.from({ length: 16 }, (_, i) => `q${i}=${`hello ${i} `.repeat(28)}`).join("&");
  const response = await fetch(`${gateway.url}/${route}/heavy?${query.replaceAll(" ", "+")}`);
  await response.arrayBuffer();
  return { status: response.status, id: response.headers.get("x-postern-decision") ?? "" };
}

test("at three times what the model manages the score is shed; tokens and privileges never are", {
  timeout: 120_000,
}, async (context) => {
  // What it manages: a few clients, each waiting for its answer.
  let managed = 0;
  const until = performance.now() + MEASURE_MILLIS;
  const steady = async () => {
    while (performance.now() < until) managed += (await heavy("closed")).status === 200 ? 1 : 0;
  };
  await Promise.all([steady(), steady(), steady(), steady()]);
  assert.ok(managed > 0);
  const perSecond = (managed * 1000) / MEASURE_MILLIS;

  // Three times that, however long the answers take, and beside it requests of every kind.
  upstream.arrivals.length = 0;
  let over = false;
  const mixed = traffic.run(4, () => over);
  const answers: Promise<{ status: number; id: string }>[] = [];
  const started = performance.now();
  for (let now = started; now - started < OVERLOAD_MILLIS; now = performance.now()) {
    const due = ((now - started) / 1000) * 3 * perSecond;
    while (answers.length < due) answers.push(heavy(answers.length % 2 === 0 ? "open" : "closed"));
    await sleep(5);
  }
  const settled = await Promise.all(answers);
  const arrived = upstream.arrivals.filter((arrival) => arrival.includes("/heavy?")).length;
  over = true;
  const tally = await mixed;

  const refused = settled.filter(({ status }) => status === 503).length;
  context.diagnostic(`${Math.round(perSecond)} a second managed, ${answers.length} sent in ${OVERLOAD_MILLIS} ms`);
  context.diagnostic(`${refused} refused for want of a score; beside them ${tally.sent} of every kind`);
  assert.ok(settled.every(({ status }, i) => (i % 2 === 0 ? status === 200 : status === 200 || status === 503)));
  assert.equal(arrived, settled.length - refused);
  assert.ok(refused > 0, "the overload was none");
  assert.deepEqual([tally.unanswered, tally.wrong.slice(0, 5), tally.undecided.slice(0, 5)], [0, [], []]);
  assert.ok(tally.sent >= 16, "each kind was sent");
});
