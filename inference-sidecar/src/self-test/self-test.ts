import { randomBytes } from "node:crypto";
import type { SelfTestLine } from "../maturity/self-test-line.ts";
import type { PolicyInForce } from "../policy/in-force.ts";
import type { Mode, Route } from "../policy/policy.ts";
import { ask, type ProbeAnswer } from "./answer.ts";
import { isBehind, judge } from "./judge.ts";
import { type ProbeKind, probesOf } from "./probe.ts";

type Outcome = SelfTestLine["selfTest"];

export interface SelfTestOptions {
  /** Where Envoy takes probes: a listener with the filters of the real one, and no upstream. */
  readonly socketPath: string;
  /** All routes are tested once in so long, evenly spread. */
  readonly roundMs: number;
  readonly policy: () => PolicyInForce | null;
  /** Where the ladder has a route, its canary aside, and since when at the latest; null: it does not know the route yet. */
  readonly standingOf: (route: string) => { readonly rung: Mode; readonly since: Date } | null;
  /** There are workers of the filter, and each has the key. */
  readonly isKeyKnown: () => boolean;
  /** Every outcome. */
  readonly onOutcome: (outcome: Outcome) => void;
  /** Outcomes that the log is to have: the first of a route, each that differs from the one before, one an hour. */
  readonly record: (outcome: Outcome) => Promise<void>;
}

const HOUR_MS = 3_600_000;
/** While there is no policy, nobody to answer, or a worker that does not know the key yet. */
const IDLE_MS = 500;
/**
 * However many routes there are, so that what the tests cost does not grow with them. A round of 120 takes two minutes, one
 * of 10,000 not quite three hours: what is wrong with the filter as a whole shows at the first test all the same.
 */
const LEAST_PAUSE_MS = 1_000;
/** So many tests under a new policy follow one another sooner. */
const QUICK_TESTS = 100;
const QUICK_PAUSE_MS = 100;
/**
 * A filter that has another policy than the one in force, or a route lower than it stands, may be about to take it: the
 * gateway tells the sidecar first, and gives Envoy 15 seconds to take a policy or refuse it.
 */
const CHANGE_MS = 20_000;
/** Workers that have not taken the key for so long may be none of a filter that works: probes go all the same. */
const KEY_MS = 15_000;

/**
 * Proves, as long as the sidecar runs, that the filter enforces what the policy says: probes go through its filter chain,
 * each marked by a key of this start that only the filter is told. A mark gives no identity, and a marked request is
 * judged and never forwarded.
 */
export class SelfTest {
  /** For the filter. */
  readonly key = randomBytes(32);
  readonly #options: SelfTestOptions;
  readonly #recorded = new Map<string, { readonly outcome: Outcome; readonly atMs: number }>();
  #timer: NodeJS.Timeout | null = null;
  /** Tests made under the policy of this digest: the first of each route do not wait for their turn in a round. */
  #made = { digest: "", tests: 0, sinceMs: 0 };
  #answered = false;
  #keyKnownMs = performance.now();
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: SelfTestOptions) {
    this.#options = options;
  }

  start(): void {
    this.#schedule(IDLE_MS);
  }

  /** Another policy is in force: what it says is proved at once, not in its turn. */
  policyChanged(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#schedule(0);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }

  #schedule(pauseMs: number): void {
    if (this.#stopping.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#running = this.#testNext().then((pause) => this.#schedule(pause));
    }, pauseMs).unref();
  }

  /** Tests one route; gives the pause until the next. */
  async #testNext(): Promise<number> {
    const inForce = this.#options.policy();
    const routes = inForce?.policy.routes ?? [];
    if (this.#options.isKeyKnown()) this.#keyKnownMs = performance.now();
    else if (performance.now() - this.#keyKnownMs < KEY_MS) return IDLE_MS;
    if (inForce === null) return IDLE_MS;
    if (inForce.digest !== this.#made.digest) {
      this.#made = { digest: inForce.digest, tests: 0, sinceMs: performance.now() };
    }
    const place = this.#made.tests % routes.length;
    const route = routes[place];
    if (route === undefined) return IDLE_MS;
    const outcome = await this.#test(route, routes.slice(0, place), inForce.digest);
    if (outcome === null || this.#isChanging(outcome)) return IDLE_MS;
    // What goes wrong on one route is looked for on all others at once.
    if (!outcome.proved && this.#recorded.get(route.name)?.outcome.proved) this.#made.tests = 0;
    this.#made.tests += 1;
    this.#options.onOutcome(outcome);
    await this.#record(outcome);
    if (this.#options.policy()?.digest !== inForce.digest) return 0;
    const { tests } = this.#made;
    if (tests < Math.min(routes.length, QUICK_TESTS)) return QUICK_PAUSE_MS;
    return tests < routes.length ? LEAST_PAUSE_MS : Math.max(LEAST_PAUSE_MS, this.#options.roundMs / routes.length);
  }

  /** Whether the filter is behind what is in force, and that not for long: it is asked again. */
  #isChanging(outcome: Outcome): boolean {
    if (!isBehind(outcome)) return false;
    const movedMs = this.#options.standingOf(outcome.route)?.since.getTime() ?? 0;
    return performance.now() - this.#made.sinceMs < CHANGE_MS || Date.now() - movedMs < CHANGE_MS;
  }

  /** null: Envoy has not started yet, or the test was given up. */
  async #test(route: Route, before: readonly Route[], digest: string): Promise<Outcome | null> {
    const nothing = { route: route.name, policy: digest, rung: "", proved: false, access: false, score: false };
    const answers: Partial<Record<ProbeKind, ProbeAnswer>> = {};
    const { signal } = this.#stopping;
    const probes = probesOf(route, before);
    if (probes.length === 0) return { ...nothing, inert: false, problem: "no request reaches it: CONNECT has no path" };
    try {
      for (const probe of probes) {
        const answer = await ask(this.#options.socketPath, this.key, probe, signal);
        this.#answered = true;
        if (answer === "inert") return { ...nothing, inert: true, problem: "a probe came through unjudged" };
        if (answer === "unmarked") return { ...nothing, inert: false, problem: "a probe was not known as one" };
        answers[probe.kind] = answer;
      }
    } catch (error) {
      if (!this.#answered || signal.aborted) return null;
      return {
        ...nothing,
        inert: false,
        problem: `no answer (${(error as NodeJS.ErrnoException).code ?? (error as Error).name})`,
      };
    }
    const stands = this.#options.standingOf(route.name)?.rung ?? route.mode;
    return {
      route: route.name,
      ...judge(route, { policy: digest, stands }, answers as Record<ProbeKind, ProbeAnswer>),
    };
  }

  async #record(outcome: Outcome): Promise<void> {
    const last = this.#recorded.get(outcome.route);
    const now = performance.now();
    if (last !== undefined && same(last.outcome, outcome) && now - last.atMs < HOUR_MS) return;
    this.#recorded.set(outcome.route, { outcome, atMs: now });
    await this.#options.record(outcome).catch(() => this.#recorded.delete(outcome.route));
  }
}

function same(a: Outcome, b: Outcome): boolean {
  return (Object.keys(a) as (keyof Outcome)[]).every((member) => a[member] === b[member]);
}
