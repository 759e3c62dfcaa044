import assert from "node:assert/strict";
import { readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../harness/eventually.ts";
import { startTestGateway, type TestGateway } from "../harness/gateway.ts";
import { makeIssuer } from "../harness/issuer.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { MixedTraffic, mixedPolicy, type Tally } from "./traffic.ts";

const CLIENTS = 16;
/** The long run: `POSTERN_MIXED_REQUESTS=200000 node --import tsx --test test/survival/mixed.test.ts`. */
const REQUESTS = Number(process.env.POSTERN_MIXED_REQUESTS ?? 6_000);
/** How much Envoy, its VMs in it, may grow after the first fifth of the run. */
const GROWTH_BYTES = 8 * 1024 * 1024;

let upstream: RecordingUpstream;
let gateway: TestGateway;
let traffic: MixedTraffic;

before(
  async () => {
    upstream = await startRecordingUpstream();
    const issuer = await makeIssuer("https://issuer.shop.example", "orders");
    gateway = await startTestGateway({
      upstream: upstream.url,
      policy: mixedPolicy("150ms"),
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

/** The three promises: each request is answered rightly, and none reaches the upstream undecided. */
function holds({ unanswered, wrong, undecided }: Tally): void {
  assert.deepEqual([unanswered, wrong.slice(0, 5), undecided.slice(0, 5)], [0, [], []]);
}

async function scoredAgain(): Promise<void> {
  await eventually(
    async () => (await fetch(`${gateway.url}/closed/again?q=hello`)).status,
    (status) => status === 200,
  );
}

/** What happens to the sidecar while requests of every kind are sent; each must leave it able to come back. */
const faults: readonly [name: string, happen: () => Promise<void>][] = [
  ["killed", async () => void process.kill(await gateway.sidecarPid(), "SIGKILL")],
  [
    "killed again and again",
    async () => {
      for (let i = 0; i < 4; i++) {
        const pid = await gateway.sidecarPid();
        process.kill(pid, "SIGKILL");
        await eventually(
          () => gateway.sidecarPid(),
          (next) => next !== pid,
        );
      }
    },
  ],
  [
    "stopped, and goes on",
    async () => {
      const pid = await gateway.sidecarPid();
      process.kill(pid, "SIGSTOP");
      await sleep(1_500);
      process.kill(pid, "SIGCONT");
    },
  ],
  [
    "cut off: its socket is taken away",
    async () => {
      const socket = join(gateway.state, "run", "sidecar.sock");
      await rename(socket, `${socket}.away`);
      await sleep(500);
      process.kill(await gateway.sidecarPid(), "SIGKILL");
    },
  ],
  [
    "killed, and what it was told is gone",
    async () => {
      await rm(join(gateway.state, "run", "sidecar.json"));
      process.kill(await gateway.sidecarPid(), "SIGKILL");
    },
  ],
];

for (const [name, happen] of faults) {
  test(`every request is answered rightly while the sidecar is ${name}`, { timeout: 120_000 }, async (context) => {
    await scoredAgain();
    let over = false;
    const running = traffic.run(CLIENTS, () => over);
    await happen();
    await sleep(500);
    over = true;
    const tally = await running;
    context.diagnostic(`${tally.sent} requests, ${tally.unavailable} times 503`);
    holds(tally);
    assert.ok(tally.sent >= 16, "each kind was sent");
    await scoredAgain();
  });
}

test("thousands of requests of every kind leave the gateway's memory flat", {
  timeout: 3_600_000,
}, async (context) => {
  await scoredAgain();
  holds(await traffic.run(CLIENTS, (sent) => sent >= REQUESTS / 5));
  const before = await residentBytes();
  const started = performance.now();
  const tally = await traffic.run(CLIENTS, (sent) => sent >= (REQUESTS / 5) * 4);
  const grown = (await residentBytes()) - before;
  const rate = Math.round(tally.sent / ((performance.now() - started) / 1000));
  const shown = `${tally.sent} requests, ${tally.permitted} permitted, ${tally.unavailable} times 503, ${rate} a second`;
  context.diagnostic(`${shown}; ${before >> 20} MiB, then ${grown >> 10} KiB more`);
  holds(tally);
  assert.ok(grown < GROWTH_BYTES, `${grown} bytes more`);
});

async function residentBytes(): Promise<number> {
  const status = await readFile(`/proc/${await gateway.envoyPid()}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}
