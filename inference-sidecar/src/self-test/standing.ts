import type { SelfTestLine } from "../maturity/self-test-line.ts";
import type { Metrics } from "../metrics.ts";

type Outcome = SelfTestLine["selfTest"];

const NAMED_MOST = 5;

/** The newest outcome of each route: as metrics, and in words where something is wrong. */
export class Standing {
  readonly #outcomes = new Map<string, Outcome>();
  readonly #metrics: Metrics;
  readonly #onAlert: (alert: string) => void;
  #policy = "";

  /** @param onAlert told each time with what is wrong now; empty: nothing is */
  constructor(metrics: Metrics, onAlert: (alert: string) => void) {
    this.#metrics = metrics;
    this.#onAlert = onAlert;
  }

  /** What the newest self-test of a route has come to: `proved`, what is wrong, or `none`. */
  of(route: string): string {
    const outcome = this.#outcomes.get(route);
    if (outcome === undefined) return "none";
    return outcome.proved ? "proved" : outcome.problem;
  }

  take(outcome: Outcome): void {
    const { route, policy, proved, inert } = outcome;
    if (policy !== this.#policy) {
      this.#policy = policy;
      this.#outcomes.clear();
      this.#metrics.routeEnforcing.reset();
    }
    this.#outcomes.set(route, outcome);
    this.#metrics.routeEnforcing.set({ route }, proved ? 1 : 0);
    this.#metrics.selfTests.inc({ outcome: inert ? "inert" : proved ? "proved" : "not_proved" });
    this.#metrics.filterInert.set([...this.#outcomes.values()].some((each) => each.inert) ? 1 : 0);
    this.#onAlert(this.#alert());
  }

  #alert(): string {
    const all = [...this.#outcomes.values()];
    const inert = all.filter((outcome) => outcome.inert);
    if (inert.length > 0) return `The filter is inert: probes came through unjudged (${names(inert)}).`;
    const unproved = all.filter(({ proved, rung }) => !proved && rung !== "observe");
    if (unproved.length === 0) return "";
    return `Not proved to enforce what the policy says: ${names(unproved)}. First: ${unproved[0]?.problem}.`;
  }
}

function names(outcomes: readonly Outcome[]): string {
  const named = outcomes.slice(0, NAMED_MOST).map(({ route }) => route);
  const more = outcomes.length - named.length;
  return more === 0 ? named.join(", ") : `${named.join(", ")} and ${more} more`;
}
