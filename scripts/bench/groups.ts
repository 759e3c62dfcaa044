import { requirements } from "./requirements.ts";
import { type Scenario, scenario } from "./scenarios.ts";

/** Scenarios that are compared, and therefore measured beside each other: bare Envoy and what is subtracted from. */
export interface Group {
  readonly scenarios: readonly Scenario[];
  /** In each round. */
  readonly visits: number;
}

/** A group for each required ratio, the rest by kind of request; each with its bare Envoy. */
export function groupsOf(chosen: Iterable<Scenario>): Group[] {
  const wanted = new Set(chosen);
  const groups = new Map<string, { scenarios: Scenario[]; visits: number }>();
  for (const one of wanted) {
    if (one.baseline === null) continue;
    const ratio = requirements.find(({ of, to }) => of === one.id || to === one.id);
    const name = ratio?.of ?? one.baseline;
    const group = groups.get(name) ?? { scenarios: [scenario(one.baseline)], visits: ratio?.visits ?? 1 };
    group.scenarios.push(one);
    groups.set(name, group);
  }
  const grouped = new Set([...groups.values()].flatMap(({ scenarios }) => scenarios));
  const alone = [...wanted].filter((one) => !grouped.has(one)).map((one) => ({ scenarios: [one], visits: 1 }));
  return [...groups.values(), ...alone];
}
