import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { readStateKeys } from "../../scripts/decision-log/public-key.ts";
import { verifyLog } from "../../scripts/decision-log/verify.ts";
import { runPostern, startTestGateway, type TestGateway } from "../harness/gateway.ts";
import { makeSmallDisk, missingForSmallDisk, type SmallDisk } from "../harness/small-disk.ts";
import { startRecordingUpstream } from "../harness/upstream.ts";

const policy = `
version: 1
routes:
  - { name: asked, match: { path: /asked }, public: true, score: { ask: always, deadline: 2s } }
`;
const skip = (await missingForSmallDisk()) ?? false;

async function smallDisk(t: TestContext): Promise<SmallDisk> {
  const disk = await makeSmallDisk(32);
  t.after(() => disk.remove());
  return disk;
}

async function send(gateway: TestGateway): Promise<{ status: number; id: string }> {
  const response = await fetch(`${gateway.url}/asked?q=tomatoes`, { signal: AbortSignal.timeout(10_000) });
  await response.arrayBuffer();
  return { status: response.status, id: response.headers.get("x-postern-decision") ?? "" };
}

test("on a disk that is full since the last start a gateway starts, more than once, and does as one that runs", {
  skip,
  timeout: 240_000,
}, async (t) => {
  const upstream = await startRecordingUpstream();
  t.after(() => upstream.stop());
  const disk = await smallDisk(t);
  const state = join(disk.folder, "state");
  const start = async () => {
    const gateway = await startTestGateway({ upstream: upstream.url, policy, state });
    t.after(() => gateway.stop());
    return gateway;
  };
  await (await start()).stop();
  for (let round = 0; round < 2; round++) {
    await disk.fill();
    const gateway = await start();
    assert.equal((await send(gateway)).status, 200);
    await gateway.stop("SIGKILL");
  }
  await disk.fill();
  const gateway = await start();
  const { status, id } = await send(gateway);
  assert.equal(status, 200);
  await disk.clear();
  assert.equal((await gateway.waitForRecord(id)).effect, "permit");
  await gateway.stop();
  assert.equal(upstream.arrivals.length, 3);
  const { problem } = await verifyLog(join(state, "log"), await readStateKeys(state));
  assert.equal(problem, null);
});

test("where a first start has no room it says so and what to do, and leaves nothing that gathers", {
  skip,
  timeout: 240_000,
}, async (t) => {
  const disk = await smallDisk(t);
  await disk.fill();
  const state = join(disk.folder, "state");
  const up = ["up", "--upstream", "http://127.0.0.1:9", "--state", state, "--listen", "127.0.0.1:0"];
  for (let attempt = 0; attempt < 2; attempt++) {
    const { child, ended, output } = runPostern(up);
    t.after(() => child.kill("SIGKILL"));
    assert.equal(await ended, 1);
    assert.match(
      output(),
      /state can't be written: the disk is full\. Make room, or give another folder with --state DIR/,
    );
  }
  assert.deepEqual(await readdir(join(state, "run")), []);
});
