import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventually } from "../harness/eventually.ts";
import { startTestGateway, type TestGateway } from "../harness/gateway.ts";
import { makeIssuer } from "../harness/issuer.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { MixedTraffic, mixedPolicy } from "./traffic.ts";

/** Each asks for 16 windows at a time, of which the sidecar admits 256: so many more are refused at once, and ask again. */
const CLIENTS = 64;
/** The test goes on until so many were scored nevertheless. */
const SCORED = 50;

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
async function heavy(route: "open" | "closed"): Promise<number> {
  const query = Array.from({ length: 16 }, (_, i) => `q${i}=${`hello ${i} `.repeat(28)}`).join("&");
  const response = await fetch(`${gateway.url}/${route}/heavy?${query.replaceAll(" ", "+")}`);
  await response.arrayBuffer();
  return response.status;
}

test("at three times what the model manages the score is shed; tokens and privileges never are", {
  timeout: 120_000,
}, async (context) => {
  let [over, mixedOver] = [false, false];
  const mixed = traffic.run(4, () => mixedOver);
  const answers = { open: [] as number[], closed: [] as number[] };
  const client = async (route: "open" | "closed") => {
    while (!over) answers[route].push(await heavy(route));
  };
  const clients = Array.from({ length: CLIENTS }, (_, i) => client(i % 2 === 0 ? "open" : "closed"));
  await eventually(
    () => answers.closed.filter((status) => status === 200).length,
    (scored) => scored >= SCORED,
    60_000,
  );
  over = true;
  await Promise.all(clients);
  const arrived = upstream.arrivals.filter((arrival) => arrival.includes("/heavy?")).length;
  mixedOver = true;
  const tally = await mixed;

  const { open, closed } = answers;
  const scored = closed.filter((status) => status === 200).length;
  context.diagnostic(
    `of ${closed.length} closed requests ${scored} were scored; beside them ${tally.sent} of every kind`,
  );
  assert.ok(closed.length >= 3 * scored, "the overload was less than three times");
  assert.ok(open.every((status) => status === 200));
  assert.ok(closed.every((status) => status === 200 || status === 503));
  assert.equal(arrived, open.length + scored);
  assert.deepEqual([tally.unanswered, tally.wrong.slice(0, 5), tally.undecided.slice(0, 5)], [0, [], []]);
  assert.ok(tally.sent >= 16, "each kind was sent");
});
