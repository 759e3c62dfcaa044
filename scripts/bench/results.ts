import type { Window } from "./measure.ts";
import type { Scenario } from "./scenarios.ts";
import { type Estimate, estimate } from "./statistics.ts";
import type { Stages } from "./witness.ts";

/** A scenario in one visit to its group: as many requests as it takes, forth and back, then as many as all of its class take. */
export interface Sample {
  readonly flatOut: readonly Window[];
  /** Null: not on this visit. */
  readonly atRate: Window | null;
}

/** One visit to a group: a sample of each of its scenarios. */
export type Visit = ReadonlyMap<string, Sample>;

/** What a visit is asked for: null where it does not have it. */
export type Measure = (visit: Visit) => number | null;

export interface ScenarioResult {
  readonly id: string;
  readonly title: string;
  /** Requests a second, flat out. */
  readonly most: Estimate;
  /** Microseconds of CPU a request, flat out. */
  readonly envoyMicros: Estimate;
  readonly besideMicros: Estimate;
  /** Both, less bare Envoy's on the same visit; null: bare Envoy itself, or it was not measured. */
  readonly addedMicros: Estimate | null;
  /** Requests a second for what follows: milliseconds from release to answer, CPU. */
  readonly rate: number;
  readonly p50: Estimate;
  readonly p99: Estimate;
  readonly atRateMicros: Estimate;
  /** Requests measured in all. */
  readonly requests: number;
  /** Mean microseconds of the filter's stages by its own clock, flat out. */
  readonly stages: Stages | null;
}

export function scenarioResult(scenario: Scenario, visits: readonly Visit[], rate: number): ScenarioResult {
  const samples = visits.flatMap((visit) => visit.get(scenario.id) ?? []);
  const steady = samples.flatMap(({ atRate }) => atRate ?? []);
  const pressed = (read: (window: Window) => number) => estimate(samples.map((sample) => perRequest(sample, read)));
  const added = visits.flatMap((visit) => addedCpu(scenario)(visit) ?? []);
  return {
    id: scenario.id,
    title: scenario.title,
    most: estimate(samples.flatMap(({ flatOut }) => flatOut.map(({ perSecond }) => perSecond))),
    envoyMicros: pressed(({ envoyMicros }) => envoyMicros),
    besideMicros: pressed(({ besideMicros }) => besideMicros),
    addedMicros: added.length > 0 ? estimate(added) : null,
    rate,
    p50: estimate(steady.map(({ p50 }) => p50)),
    p99: estimate(steady.map(({ p99 }) => p99)),
    atRateMicros: estimate(steady.map(({ envoyMicros, besideMicros }) => envoyMicros + besideMicros)),
    requests: [...samples.flatMap(({ flatOut }) => flatOut), ...steady].reduce(
      (sum, { requests }) => sum + requests,
      0,
    ),
    stages: medianStages(samples),
  };
}

/** CPU of Envoy and of what stands beside it, less bare Envoy's on the same visit. */
export function addedCpu(scenario: Scenario): Measure {
  return added(scenario, (sample) => perRequest(sample, ({ envoyMicros, besideMicros }) => envoyMicros + besideMicros));
}

/** Envoy's alone. */
export function addedEnvoyCpu(scenario: Scenario): Measure {
  return added(scenario, (sample) => perRequest(sample, ({ envoyMicros }) => envoyMicros));
}

/** The median latency, less bare Envoy's on the same visit. */
export function addedLatency(scenario: Scenario): Measure {
  return added(scenario, ({ atRate }) => atRate?.p50 ?? null);
}

function added({ id, baseline }: Scenario, read: (sample: Sample) => number | null): Measure {
  return (visit) => {
    const sample = visit.get(id);
    const bare = baseline === null ? undefined : visit.get(baseline);
    const [all, subtracted] = [sample && read(sample), bare && read(bare)];
    return typeof all === "number" && typeof subtracted === "number" ? all - subtracted : null;
  };
}

/** The windows' mean by their requests. */
function perRequest({ flatOut }: Sample, read: (window: Window) => number): number {
  const requests = flatOut.reduce((sum, window) => sum + window.requests, 0);
  return flatOut.reduce((sum, window) => sum + read(window) * window.requests, 0) / requests;
}

function medianStages(samples: readonly Sample[]): Stages | null {
  const stages = samples.flatMap(({ flatOut }) => flatOut.flatMap((window) => window.stages ?? []));
  const [first] = stages;
  if (first === undefined) return null;
  const names = Object.keys(first) as (keyof Stages)[];
  return Object.fromEntries(
    names.map((name) => [name, estimate(stages.map((one) => one[name])).median]),
  ) as unknown as Stages;
}
