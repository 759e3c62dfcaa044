import type { Contender } from "./contenders.ts";
import { cpuMicros } from "./cpu.ts";
import { atRate, type LoadResult } from "./load.ts";
import type { Scenario } from "./scenarios.ts";
import { percentile } from "./statistics.ts";
import { LogWitness, type Stages } from "./witness.ts";

/** One window of one scenario. CPU in microseconds a request, times in milliseconds. */
export interface Window {
  readonly requests: number;
  readonly perSecond: number;
  readonly envoyMicros: number;
  /** Of what stands beside Envoy; 0: nothing does. */
  readonly besideMicros: number;
  readonly p50: number;
  readonly p99: number;
  /** 99th percentile of what the generator itself was late. */
  readonly lateness: number;
  /** Mean microseconds of the filter's stages by its own clock. */
  readonly stages: Stages | null;
}

/**
 * Has a scenario's requests sent and measures until the last record of them is in the log.
 * @throws Error the contender did not do what the scenario says
 */
export async function measure(
  scenario: Scenario,
  contender: Contender,
  send: (url: URL) => Promise<LoadResult>,
): Promise<Window> {
  try {
    return await window(scenario, contender, send);
  } catch (error) {
    throw new Error(`${scenario.id}: ${(error as Error).message}`);
  }
}

async function window(
  scenario: Scenario,
  contender: Contender,
  send: (url: URL) => Promise<LoadResult>,
): Promise<Window> {
  await contender.witness.begin();
  const before = await readCpu(contender);
  const result = await send(contender.url);
  const { requests, latencies } = result;
  const others = [...result.statuses].filter(([status]) => status !== 200);
  if (others.length > 0) throw new Error(`answers by status ${JSON.stringify(others)}, where only 200 is right`);
  await contender.witness.settle(requests);
  const after = await readCpu(contender);
  if (after.pids.join() !== before.pids.join()) throw new Error("a process of it was started again meanwhile");
  const stages = await contender.witness.end(requests, scenario.expected);
  return {
    requests,
    perSecond: requests / result.seconds,
    envoyMicros: (after.envoy - before.envoy) / requests,
    besideMicros: (after.beside - before.beside) / requests,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    lateness: percentile(result.lateness, 0.99),
    stages,
  };
}

/** Sends without measuring, and sees the requests through. */
export async function sendUnmeasured(
  { url, witness }: Contender,
  send: (url: URL) => Promise<LoadResult>,
): Promise<LoadResult> {
  const result = await send(url);
  if (witness instanceof LogWitness) {
    await witness.settle(result.requests);
    await witness.end(result.requests, null);
  }
  return result;
}

/** The status that one request is answered with. */
export async function probe(contender: Contender, request: Buffer): Promise<number> {
  const { statuses } = await sendUnmeasured(contender, (url) => atRate(url, () => request, 1, 1));
  return [...statuses.keys()][0] ?? 0;
}

async function readCpu({ envoyPid, besidePid }: Contender) {
  const pids = besidePid === null ? [envoyPid()] : [envoyPid(), besidePid()];
  const [envoy = 0, beside = 0] = await Promise.all(pids.map((pid) => cpuMicros(pid)));
  return { pids, envoy, beside };
}
