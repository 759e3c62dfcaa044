import type { Contenders } from "./contenders.ts";
import type { Group } from "./groups.ts";
import { atRate, flatOut, type LoadResult } from "./load.ts";
import { measure, type Window } from "./measure.ts";
import type { Requests } from "./requests.ts";
import type { Sample, Visit } from "./results.ts";
import type { Scenario } from "./scenarios.ts";
import type { Rates } from "./warm-up.ts";

/** For each window flat out, which ends when they are used up. */
const newTokensFlatOut = 1_500;

export interface RoundOptions {
  readonly groups: readonly Group[];
  readonly contenders: Contenders;
  readonly requests: Requests;
  readonly rates: Rates;
  /** Of each scenario on each visit flat out, in two windows, and in one at its rate. */
  readonly seconds: number;
  readonly signal: AbortSignal;
}

/** Every group as often as it is to be visited, in shuffled order; the first visit to each is also at a fixed rate. */
export async function oneRound(options: RoundOptions): Promise<Visit[]> {
  const visits: Visit[] = [];
  const seen = new Set<Group>();
  for (const group of shuffled(options.groups.flatMap((one) => Array<Group>(one.visits).fill(one)))) {
    visits.push(await visit(group, options, !seen.has(group)));
    seen.add(group);
  }
  return visits;
}

/**
 * A group's scenarios flat out beside each other, in shuffled order and then back: what the machine's speed changes evenly
 * meanwhile, each has the same of. Requests are made before the first is measured; whoever needs new tokens gets the same.
 */
async function visit({ scenarios }: Group, options: RoundOptions, withRate: boolean): Promise<Visit> {
  const { contenders, requests, rates, seconds, signal } = options;
  const order = shuffled(scenarios);
  const halves = [await requests.mint(scenarios, newTokensFlatOut), await requests.mint(scenarios, newTokensFlatOut)];
  const most = Math.max(...scenarios.map(({ rateClass }) => rates[rateClass]));
  const steadyTokens = withRate ? await requests.mint(scenarios, Math.ceil(most * seconds)) : [];
  const windowOf = (one: Scenario, send: (url: URL) => Promise<LoadResult>) => {
    signal.throwIfAborted();
    return measure(one, contenders.get(one.contender), send);
  };
  const flat = new Map<Scenario, Window[]>(order.map((one) => [one, []]));
  for (const [half, tokens] of halves.entries()) {
    for (const one of half === 0 ? order : order.toReversed()) {
      const next = requests.of(one, tokens);
      flat.get(one)?.push(await windowOf(one, (url) => flatOut(url, next, seconds / 2)));
    }
  }
  const samples = new Map<string, Sample>();
  for (const [one, windows] of flat) {
    const rate = rates[one.rateClass];
    const next = requests.of(one, steadyTokens);
    const steady = withRate ? await windowOf(one, (url) => atRate(url, next, rate, seconds)) : null;
    samples.set(one.id, { flatOut: windows, atRate: steady });
  }
  return samples;
}

function shuffled<T>(items: readonly T[]): T[] {
  const rest = [...items];
  return items.map(() => rest.splice(Math.floor(Math.random() * rest.length), 1)[0] as T);
}
