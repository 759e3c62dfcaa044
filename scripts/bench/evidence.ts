import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildFilter } from "../build/filter.ts";
import { onInterruption } from "../commands/interruption.ts";
import { demoFolder } from "../demo/folder.ts";
import { startEnforcementPoint } from "../gateway/enforcement-point.ts";
import { findEnvoy } from "../gateway/envoy-binary.ts";
import { fixedModule } from "../gateway/filter-module.ts";
import { startGateway } from "../gateway/gateway.ts";
import { prepareState, stateFolder } from "../gateway/state.ts";
import { benignRequests, searchFor } from "./benign.ts";
import { startContenders } from "./contenders.ts";
import { cpuMicros } from "./cpu.ts";
import { atRate, flatOut } from "./load.ts";
import { startDiscardingSidecar } from "./processes.ts";
import { encode } from "./requests.ts";
import { estimate } from "./statistics.ts";

// What evidence costs: `node --import tsx scripts/bench/evidence.ts [ROUNDS]`. The same Envoy, filter and requests, once
// before a process that acknowledges every report unread, and before the sidecar with each kind of `evidence`. The filter
// does the same in all of them, but for the evidence itself, so that what they add stands beside Envoy; what Envoys differ
// by, by chance for the most part, is told apart. What a gateway does whether requests come or not is measured in windows
// without any, and taken off. At a rate that a small gateway has, and flat out, where it counts.

const RATE = 400;
/** Of each gateway: two of the same differ by up to 7 µs a request of Envoy, by how its code was compiled and where its memory lies. */
const COPIES = 2;
const SECONDS = 3;
/** Flat out: the sidecar's code is compiled while it runs, and a gateway runs for months. */
const WARM_UP_SECONDS = 12;
/** For the last batch of records, and for what is done in idle time. */
const SETTLE_MS = 1_500;
const HOST = "public.bench.example";
/** What reaches the upstream, as with bare Envoy: only of this can be told what the filter itself takes. */
const CLEARED = "cleared GET";
const ATTACK = "1' UNION SELECT username, password FROM users-- -";

interface Contender {
  readonly name: string;
  readonly url: URL;
  /** Envoy's, and that of what stands beside it, if anything does. */
  readonly pids: () => (number | null)[];
}

/** Microseconds of CPU, of Envoy and of what stands beside it. */
type Spent = readonly [envoy: number, beside: number];

/** A request, but for `standing`: a second without requests. */
interface Cost {
  readonly atRate: Spent[];
  readonly flatOut: Spent[];
  readonly standing: Spent[];
}

const folder = await mkdtemp(join(tmpdir(), "bench-evidence-"));
const stops: (() => Promise<void>)[] = [];
const signal = onInterruption();
const report = (line: string) => process.stderr.write(`bench: ${line}\n`);
try {
  const contenders = await start();
  const benign = await benignRequests();
  const kinds = { [CLEARED]: benign.get, "denied GET": searchFor(ATTACK) };
  const costs = new Map(contenders.map(({ name }) => [name, new Map<string, Cost>()]));
  const rounds = Number(process.argv[2] ?? 3);
  for (const [kind, request] of Object.entries(kinds)) {
    const bytes = encode(request, HOST);
    for (const { name, url } of contenders) {
      costs.get(name)?.set(kind, { atRate: [], flatOut: [], standing: [] });
      await flatOut(url, () => bytes, WARM_UP_SECONDS);
    }
    for (let round = 1; round <= rounds; round++) {
      report(`${kind}, round ${round} of ${rounds}`);
      for (const contender of contenders) await measure(contender, bytes, costs.get(contender.name)?.get(kind) as Cost);
    }
  }
  for (const kind of Object.keys(kinds)) tell(kind, costs);
} finally {
  for (const stop of stops.reverse()) await stop();
  await rm(folder, { recursive: true, force: true });
}

async function start(): Promise<Contender[]> {
  const demo = await demoFolder(join(folder, "demo"));
  const rivals = await startContenders({ folder, demo, needed: new Set(["bare"]), signal, report });
  stops.push(rivals.stop);
  const bare = rivals.get("bare");
  const { upstream } = rivals;
  const contenders: Contender[] = [{ name: "bare Envoy", url: bare.url, pids: () => [bare.envoyPid()] }];
  for (let copy = 0; copy < COPIES; copy++) {
    contenders.push(await discarding(upstream, copy));
    for (const evidence of ["none", "spans", "values"]) contenders.push(await gateway(evidence, upstream, copy));
  }
  return contenders;
}

async function writePolicy(evidence: string): Promise<string> {
  const path = join(folder, `${evidence}.yaml`);
  const route = `name: public, match: { hosts: [${HOST}], path: /** }, public: true, score: { deadline: 2s }`;
  await writeFile(path, `version: 1\nmode: prevent\nroutes: [{ ${route}, evidence: ${evidence} }]\n`);
  return path;
}

async function discarding(upstream: URL, copy: number): Promise<Contender> {
  const state = stateFolder(join(folder, `discarded-${copy}`));
  await prepareState(state);
  const sidecar = await startDiscardingSidecar(state);
  stops.push(sidecar.stop);
  const point = await startEnforcementPoint({
    policyPath: await writePolicy("none"),
    upstream,
    listen: { host: "127.0.0.1", port: 0 },
    state,
    modules: fixedModule(await buildFilter(report)),
    envoyBinary: await findEnvoy(report),
    workers: 1,
    networkForSidecar: null,
    report,
  });
  stops.push(() => point.stop());
  await point.untilListening(30_000, () => signal.aborted);
  return { name: "reports discarded", url: new URL(point.url), pids: () => [point.envoy.pid, sidecar.pid()] };
}

async function gateway(evidence: string, upstream: URL, copy: number): Promise<Contender> {
  const one = await startGateway({
    upstream,
    policyPath: await writePolicy(evidence),
    listen: { host: "127.0.0.1", port: 0 },
    dashboard: { host: "127.0.0.1", port: 0 },
    stateDirectory: join(folder, `${evidence}-${copy}`),
    concurrency: 1,
    signal,
    report,
  });
  stops.push(one.stop);
  return { name: `evidence: ${evidence}`, url: new URL(one.url), pids: () => [one.envoy.pid, one.sidecar.pid] };
}

async function measure({ url, pids }: Contender, bytes: Buffer, cost: Cost): Promise<void> {
  signal.throwIfAborted();
  const seconds = SECONDS + SETTLE_MS / 1_000;
  const idle = await spent(pids, () => sleep(seconds * 1_000));
  const busy = await spent(pids, async () => {
    await atRate(url, () => bytes, RATE, SECONDS);
    await sleep(SETTLE_MS);
  });
  let answered = 0;
  const pressed = await spent(pids, async () => {
    answered = (await flatOut(url, () => bytes, SECONDS)).requests;
    await sleep(SETTLE_MS);
  });
  cost.standing.push(share(idle, seconds));
  cost.atRate.push(share(less(busy, idle), RATE * SECONDS));
  cost.flatOut.push(share(less(pressed, idle), answered));
}

async function spent(pids: Contender["pids"], work: () => Promise<unknown>): Promise<Spent> {
  const read = async (): Promise<Spent> => {
    const [envoy, beside] = pids().map((pid) => (pid === null ? Number.NaN : cpuMicros(pid)));
    return [(await envoy) ?? 0, (await beside) ?? 0];
  };
  const before = await read();
  await work();
  return less(await read(), before);
}

function less(all: Spent, part: Spent): Spent {
  return [all[0] - part[0], all[1] - part[1]];
}

function share([envoy, beside]: Spent, of: number): Spent {
  return [envoy / of, beside / of];
}

function both(costs: readonly Spent[] = []) {
  return estimate(costs.map(([envoy, beside]) => envoy + beside));
}

function medianOf(costs: readonly Spent[] = [], which: 0 | 1): number {
  return estimate(costs.map((one) => one[which])).median;
}

function tell(kind: string, costs: ReadonlyMap<string, ReadonlyMap<string, Cost>>): void {
  for (const load of ["atRate", "flatOut"] as const) {
    const of = (name: string) => costs.get(name)?.get(kind)?.[load];
    const discarded = "reports discarded";
    const own = both(of(discarded)).median - both(of("bare Envoy")).median;
    const how = load === "atRate" ? `${RATE} requests a second` : "flat out";
    console.log(
      `\n${kind}, ${how}: CPU a request of Envoy + what stands beside it, and of both, in microseconds (medians, interval)`,
    );
    for (const [name, byKind] of costs) {
      const { median, low, high } = both(of(name));
      const added = (which: 0 | 1) => medianOf(of(name), which) - medianOf(of(discarded), which);
      const beside = added(1);
      const shares = `${percent(beside, median)} of all${kind === CLEARED ? `, ${percent(beside, own)} of the filter's own` : ""}`;
      const evidence = name.startsWith("evidence")
        ? `; log and evidence add ${beside.toFixed(1)} beside Envoy: ${shares}; Envoy differs by ${added(0).toFixed(1)}`
        : "";
      const standing = `${(both(byKind.get(kind)?.standing).median / 1_000).toFixed(1)} ms a second without requests`;
      const parts = `${medianOf(of(name), 0).toFixed(1)} + ${medianOf(of(name), 1).toFixed(1)}`;
      const figures = `${parts.padEnd(15)} ${median.toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`;
      console.log(`  ${name.padEnd(18)} ${figures.padEnd(40)} ${standing}${evidence}`);
    }
    if (kind !== CLEARED) continue;
    console.log(
      `  the filter's own: ${own.toFixed(1)}, what the filter takes with its reports discarded, less bare Envoy`,
    );
  }
}

function percent(part: number, whole: number): string {
  return `${((part / whole) * 100).toFixed(1)} %`;
}
