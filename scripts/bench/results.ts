import type { Window } from "./measure.ts";
import type { Scenario } from "./scenarios.ts";
import { type Estimate, estimate } from "./statistics.ts";
import type { Stages } from "./witness.ts";

/** One visit to a scenario: as many requests as it takes, then as many as all of its class take. */
export interface Sample {
  readonly flatOut: Window;
  readonly atRate: Window;
}

/** One round: a sample of each scenario. */
export type Round = ReadonlyMap<string, Sample>;

/** What a round is asked for: null where it does not have it. */
export type Measure = (round: Round) => number | null;

export interface ScenarioResult {
  readonly id: string;
  readonly title: string;
  /** Requests a second, flat out. */
  readonly most: Estimate;
  /** Microseconds of CPU a request, flat out. */
  readonly envoyMicros: Estimate;
  readonly besideMicros: Estimate;
  /** Both, less bare Envoy's in the same round; null: bare Envoy itself, or it was not measured. */
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

export function scenarioResult(scenario: Scenario, rounds: readonly Round[], rate: number): ScenarioResult {
  const samples = rounds.flatMap((round) => round.get(scenario.id) ?? []);
  const over = (read: (sample: Sample) => number) => estimate(samples.map(read));
  const added = rounds.flatMap((round) => addedCpu(scenario)(round) ?? []);
  return {
    id: scenario.id,
    title: scenario.title,
    most: over(({ flatOut }) => flatOut.perSecond),
    envoyMicros: over(({ flatOut }) => flatOut.envoyMicros),
    besideMicros: over(({ flatOut }) => flatOut.besideMicros),
    addedMicros: added.length > 0 ? estimate(added) : null,
    rate,
    p50: over(({ atRate }) => atRate.p50),
    p99: over(({ atRate }) => atRate.p99),
    atRateMicros: over(({ atRate }) => atRate.envoyMicros + atRate.besideMicros),
    requests: samples.reduce((sum, { flatOut, atRate }) => sum + flatOut.requests + atRate.requests, 0),
    stages: medianStages(samples),
  };
}

/** CPU of Envoy and of what stands beside it, less bare Envoy's in the same round. */
export function addedCpu(scenario: Scenario): Measure {
  return added(scenario, ({ flatOut }) => flatOut.envoyMicros + flatOut.besideMicros);
}

/** Envoy's alone. */
export function addedEnvoyCpu(scenario: Scenario): Measure {
  return added(scenario, ({ flatOut }) => flatOut.envoyMicros);
}

/** The median latency, less bare Envoy's in the same round. */
export function addedLatency(scenario: Scenario): Measure {
  return added(scenario, ({ atRate }) => atRate.p50);
}

function added({ id, baseline }: Scenario, read: (sample: Sample) => number): Measure {
  return (round) => {
    const sample = round.get(id);
    const bare = baseline === null ? undefined : round.get(baseline);
    return sample && bare ? read(sample) - read(bare) : null;
  };
}

function medianStages(samples: readonly Sample[]): Stages | null {
  const stages = samples.flatMap(({ flatOut }) => flatOut.stages ?? []);
  const [first] = stages;
  if (first === undefined) return null;
  const names = Object.keys(first) as (keyof Stages)[];
  return Object.fromEntries(
    names.map((name) => [name, estimate(stages.map((one) => one[name])).median]),
  ) as unknown as Stages;
}
