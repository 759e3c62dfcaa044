import type { SelfTestLine } from "../maturity/self-test-line.ts";
import type { Metrics } from "../metrics.ts";
import { isBehind } from "./judge.ts";

type Outcome = SelfTestLine["selfTest"];

const NAMED_MOST = 5;

/** The newest outcome of each route: as metrics, and in words where something is wrong. */
export class Standing {
  readonly #outcomes = new Map<string, Outcome>();
  /** Of these, where a probe came through unjudged, and where a route is not proved that is to enforce: one above observe, or where the filter is behind. */
  readonly #inert = new Map<string, Outcome>();
  readonly #unproved = new Map<string, Outcome>();
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
    const { route, policy, proved, inert, rung } = outcome;
    if (policy !== this.#policy) {
      this.#policy = policy;
      for (const outcomes of [this.#outcomes, this.#inert, this.#unproved]) outcomes.clear();
      this.#metrics.routeEnforcing.reset();
    }
    this.#outcomes.set(route, outcome);
    this.#inert.delete(route);
    this.#unproved.delete(route);
    if (inert) this.#inert.set(route, outcome);
    if (!proved && (rung !== "observe" || isBehind(outcome))) this.#unproved.set(route, outcome);
    this.#metrics.routeEnforcing.set({ route }, proved ? 1 : 0);
    this.#metrics.selfTests.inc({ outcome: inert ? "inert" : proved ? "proved" : "not_proved" });
    this.#metrics.filterInert.set(this.#inert.size > 0 ? 1 : 0);
    this.#onAlert(this.#alert());
  }

  #alert(): string {
    if (this.#inert.size > 0) return `The filter is inert: probes came through unjudged (${names(this.#inert)}).`;
    const [first] = this.#unproved.values();
    if (first === undefined) return "";
    return `Not proved to enforce what the policy says: ${names(this.#unproved)}. First: ${first.problem}.`;
  }
}

function names(outcomes: ReadonlyMap<string, Outcome>): string {
  const named = [...outcomes.keys()].slice(0, NAMED_MOST);
  const more = outcomes.size - named.length;
  return more === 0 ? named.join(", ") : `${named.join(", ")} and ${more} more`;
}
