import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { readDecisions } from "../../scripts/decision-log/read.ts";
import { startTestGateway } from "../harness/gateway.ts";
import { startRecordingUpstream } from "../harness/upstream.ts";

const policy = `
version: 1
mode: prevent
routes: [{ name: all, match: { path: /** }, public: true, score: off }]
`;
/** A machine that stalls just then may be late for the last batch: once of several times is proof enough. */
const ATTEMPTS = 3;

/** Asks until nobody answers; gives the decisions that were told. */
async function askUntilTheEnd(url: string, onFirst: () => void): Promise<string[]> {
  const agent = new Agent({ keepAlive: true });
  const told: string[] = [];
  for (;;) {
    const id = await new Promise<string>((done) => {
      request(`${url}/orders`, { agent }, (response) => {
        response.resume().on("end", () => done(String(response.headers["x-postern-decision"])));
      })
        .on("error", () => done(""))
        .end();
    });
    if (id === "") break;
    told.push(id);
    if (told.length === 1) onFirst();
  }
  agent.destroy();
  return told;
}

const ends = {
  "a gateway that is told to end": (pid: number) => process.kill(pid, "SIGTERM"),
  "Ctrl-C in a terminal, which reaches its whole process group,": (pid: number) => process.kill(-pid, "SIGINT"),
};

for (const [how, end] of Object.entries(ends))
  test(`${how} leaves a record of every answer that was given under load`, {
    timeout: 300_000,
  }, async (context) => {
    const upstream = await startRecordingUpstream();
    context.after(() => upstream.stop());
    let missing: string[] = [];
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const state = await mkdtemp(join(tmpdir(), "ended-"));
      const gateway = await startTestGateway({ upstream: upstream.url, policy, state });
      const told = await askUntilTheEnd(gateway.url, () => end(gateway.pid));
      await gateway.stop();
      const recorded = new Set<string>();
      for await (const { id } of readDecisions(state)) recorded.add(id);
      await rm(state, { recursive: true });
      missing = told.filter((id) => !recorded.has(id));
      context.diagnostic(`${told.length} answers, ${missing.length} without a record`);
      if (missing.length === 0) break;
    }
    assert.deepEqual(missing, []);
  });

test("a gateway that is told to end answers first what is under way", { timeout: 120_000 }, async () => {
  let arrived = () => {};
  const isThere = new Promise<void>((done) => {
    arrived = done;
  });
  const upstream = await startRecordingUpstream((_, response) => {
    arrived();
    setTimeout(() => response.end("late"), 2_000);
  });
  const gateway = await startTestGateway({ upstream: upstream.url, policy });
  const answer = fetch(`${gateway.url}/orders`).then((response) => response.text());
  await isThere;
  const [said, code] = await Promise.all([answer.catch(({ message }: Error) => message), gateway.stop()]);
  await upstream.stop();
  assert.deepEqual([said, code], ["late", 0]);
});

test("what begins on a connection that was open while a gateway ends is answered, too", {
  timeout: 120_000,
}, async () => {
  const upstream = await startRecordingUpstream(({ url }, response) => {
    setTimeout(() => response.end("late"), url === "/late" ? 1_500 : 0);
  });
  const gateway = await startTestGateway({ upstream: upstream.url, policy });
  const waits = [100, 200, 300];
  const agents = waits.map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
  const ask = (path: string, agent: Agent) =>
    new Promise<string>((done) => {
      const asked = request(`${gateway.url}${path}`, { agent }, async (response) => done(await text(response)));
      asked.on("error", ({ message }) => done(message)).end();
    });
  await Promise.all(agents.map((agent) => ask("/orders", agent)));
  const stopped = gateway.stop();
  const begin = async (agent: Agent, index: number) => {
    await sleep(waits[index]);
    return ask("/late", agent);
  };
  const answers = await Promise.all(agents.map(begin));
  await stopped;
  await upstream.stop();
  for (const agent of agents) agent.destroy();
  assert.deepEqual(answers, ["late", "late", "late"]);
});
