import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Contender } from "../../scripts/bench/contenders.ts";
import { cpuMicros } from "../../scripts/bench/cpu.ts";
import type { LoadResult } from "../../scripts/bench/load.ts";
import { measure } from "../../scripts/bench/measure.ts";
import { scenario } from "../../scripts/bench/scenarios.ts";
import type { Witness } from "../../scripts/bench/witness.ts";

const answered: LoadResult = {
  statuses: new Map([[200, 10]]),
  requests: 10,
  seconds: 1,
  latencies: Array<number>(10).fill(1),
  lateness: Array<number>(10).fill(0),
};
const send = async () => answered;
const sees: Witness = { begin: async () => {}, settle: async () => {}, end: async () => null };

function contender(over: Partial<Contender>): Contender {
  return { url: new URL("http://127.0.0.1"), envoyPid: () => process.pid, besidePid: null, witness: sees, ...over };
}

function busy(millis: number): void {
  for (const end = performance.now() + millis; performance.now() < end; );
}

test("what it takes to ask whether a contender did as said is not in its figures, what it does afterwards is", async () => {
  const end = async () => {
    busy(60);
    return null;
  };
  const asking = { ...sees, end };
  const asked = await measure(scenario("native/new-token"), contender({ witness: asking }), send);
  assert.ok(asked.envoyMicros * asked.requests < 40_000, `${asked.envoyMicros} µs a request`);
  const finishing = { ...sees, settle: async () => busy(60) };
  const finished = await measure(scenario("native/new-token"), contender({ witness: finishing }), send);
  assert.ok(finished.envoyMicros * finished.requests > 40_000, `${finished.envoyMicros} µs a request`);
});

test("a process that was started again meanwhile is no measurement", async () => {
  const pids = [process.pid, process.ppid];
  const restarted = contender({ besidePid: () => pids.shift() ?? process.ppid });
  await assert.rejects(measure(scenario("ext-authz/get"), restarted, send), /ext-authz\/get: .*started again/);
});

test("a kernel that does not say what a process has taken is an error, not a process that takes nothing", async () => {
  assert.ok((await cpuMicros(process.pid)) > 0);
  const proc = await mkdtemp(join(tmpdir(), "bench-proc-"));
  try {
    await mkdir(join(proc, "7", "task", "7"), { recursive: true });
    await mkdir(join(proc, "7", "task", "8"));
    await assert.rejects(cpuMicros(7, proc), /schedstat/);
    await writeFile(join(proc, "7", "task", "7", "schedstat"), "5000 1 2\n");
    assert.equal(await cpuMicros(7, proc), 5, "a thread that has ended meanwhile counts nothing");
  } finally {
    await rm(proc, { recursive: true, force: true });
  }
});
