import type { LogRecord } from "../decision-log/record.ts";
import { SETTLING_MOVES } from "../ladder/route-record.ts";
import type { Configuration } from "./configuration.ts";
import { RouteObservations } from "./route-observations.ts";
import type { SelfTestLine } from "./self-test-line.ts";

/** A step of a route on the ladder, as the log tells it. */
export interface RouteMove {
  readonly time: string;
  readonly kind: string;
  readonly from: string;
  readonly to: string;
  /** `operator NAME`, `user`, `evidence` or `policy`. */
  readonly by: string;
}

/** What decisions under one policy have shown. */
export class PolicyObservations {
  configuration: Configuration | null = null;
  decisions = 0;
  /** Decisions that name policy, bundle and module. */
  named = 0;
  /** Decisions whose subject is no more than a keyed hash. */
  masked = 0;
  /** By route; "" is where no route matched. */
  readonly routes = new Map<string, RouteObservations>();
  /** The newest self-test of each route. */
  readonly selfTests = new Map<string, SelfTestLine["selfTest"] & { readonly time: string }>();

  route(name: string): RouteObservations {
    const known = this.routes.get(name);
    if (known !== undefined) return known;
    const begun = new RouteObservations();
    this.routes.set(name, begun);
    return begun;
  }
}

/** One hour of the log, UTC. */
export interface Hour {
  permitted: number;
  wouldDeny: number;
  denied: number;
  /** Self-tests of routes. */
  selfTests: number;
}

/** In such a time every worker has a move. */
const REACH_MS = 1_000;
const PSEUDONYM = /^([0-9a-f]{32})?$/;

/** Folds the lines of a decision log, in their order, into what a maturity report is computed from. */
export class Observations {
  /** ISO 8601; empty: there is no line. */
  first = "";
  last = "";
  decisions = 0;
  completions = 0;
  /** Records that never came, by their workers' sequences. */
  missing = 0;
  /** What each worker says it let go of: some of it may have been on its way, and came. */
  readonly lost = new Map<string, number>();
  readonly policies = new Map<string, PolicyObservations>();
  /** By the hour's beginning, such as 2026-03-02T10. */
  readonly hours = new Map<string, Hour>();
  /** Steps on the ladder, by route. */
  readonly moves = new Map<string, RouteMove[]>();
  readonly #knownMoves = new Set<string>();
  /** Rungs of the canaries under way, by route. */
  readonly #canaries = new Map<string, string>();
  /** When each route was last moved, Unix milliseconds. */
  readonly #movedMs = new Map<string, number>();
  /** Digest of the newest configuration; empty: the log has none. */
  newest = "";

  /** Takes a line of any kind. */
  add(line: Record<string, unknown>): void {
    const time = typeof line.time === "string" ? line.time : "";
    if (time > this.last) this.last = time;
    if (this.first === "" || (time !== "" && time < this.first)) this.first = time;
    if (isDecision(line)) this.#decide(line);
    else if ("completes" in line) this.completions += 1;
    else if (isGap(line)) this.#miss(line.gap);
    else if ("configuration" in line) this.#configure(line.configuration as Configuration);
    else if (isMove(line)) this.#move(time, line.move);
    else if (typeof line.selfTest === "object") this.#test(line as unknown as SelfTestLine);
  }

  policy(digest: string): PolicyObservations {
    const known = this.policies.get(digest);
    if (known !== undefined) return known;
    const begun = new PolicyObservations();
    this.policies.set(digest, begun);
    return begun;
  }

  #decide(line: LogRecord): void {
    const policy = this.policy(line.policy);
    const hour = this.#hour(line.time);
    this.decisions += 1;
    policy.decisions += 1;
    if (line.policy !== "" && line.bundle !== "" && (line.module ?? "") !== "") policy.named += 1;
    if (PSEUDONYM.test(line.subject.id) && line.subject.sub === undefined) policy.masked += 1;
    if (line.effect === "deny") hour.denied += 1;
    else if (line.wouldDeny !== null) hour.wouldDeny += 1;
    else hour.permitted += 1;
    const route = policy.route(line.route);
    route.add(line);
    if (this.#showsRung(line)) route.rung = line.rung;
  }

  /** Whether the route itself stands where this request did: it met no canary, and the route's last move. */
  #showsRung({ route, rung, time }: LogRecord): boolean {
    if (rung === this.#canaries.get(route)) return false;
    const movedMs = this.#movedMs.get(route);
    return movedMs === undefined || Date.parse(time) >= movedMs + REACH_MS;
  }

  #miss(gap: { worker: string; first: number; last: number; lost: number }): void {
    this.missing += gap.last - gap.first + 1;
    this.lost.set(gap.worker, gap.lost);
  }

  #configure(configuration: Configuration): void {
    const { digest, routes } = configuration;
    const before = this.policies.get(this.newest);
    const current = this.policy(digest);
    current.configuration = configuration;
    if (digest === this.newest) return;
    // Each file repeats the configuration; another one leaves a route where it stood, if it has it on the same mode.
    this.newest = digest;
    const modes = new Map(before?.configuration?.routes.map(({ name, rung }) => [name, rung]));
    for (const { name, rung } of routes) {
      const stays = modes.get(name) === rung;
      if (!stays) this.#canaries.delete(name);
      if (before !== undefined) current.route(name).rung = stays ? before.route(name).rung : "";
    }
  }

  #move(time: string, { id, route, kind, from, to, by }: MoveLine["move"]): void {
    // A crash may have the log tell one move twice.
    if (this.#knownMoves.has(id)) return;
    this.#knownMoves.add(id);
    const moves = this.moves.get(route) ?? [];
    this.#movedMs.set(route, Date.parse(time));
    const settles = SETTLING_MOVES.includes(kind);
    if (kind === "canary") this.#canaries.set(route, to);
    else if (settles || kind === "canary-end") this.#canaries.delete(route);
    if (settles) this.policy(this.newest).route(route).rung = to;
    moves.push({ time, kind, from, to, by: by.name === undefined ? by.kind : `${by.kind} ${by.name}` });
    this.moves.set(route, moves);
  }

  #test({ time, selfTest }: SelfTestLine): void {
    this.#hour(time).selfTests += 1;
    // What failed may have found the filter with another policy: it is the one in force that is not enforced.
    const { selfTests } = this.policy(selfTest.proved ? selfTest.policy : this.newest);
    selfTests.set(selfTest.route, { ...selfTest, time });
  }

  #hour(time: string): Hour {
    const name = time.slice(0, "2026-03-02T10".length);
    const known = this.hours.get(name);
    if (known !== undefined) return known;
    const begun = { permitted: 0, wouldDeny: 0, denied: 0, selfTests: 0 };
    this.hours.set(name, begun);
    return begun;
  }
}

interface MoveLine {
  readonly move: {
    readonly id: string;
    readonly route: string;
    readonly kind: string;
    readonly from: string;
    readonly to: string;
    readonly by: { readonly kind: string; readonly name?: string };
  };
}

function isMove(line: object): line is MoveLine {
  return "move" in line;
}

function isDecision(line: object): line is LogRecord {
  return "id" in line && "effect" in line && !("selfTest" in line);
}

function isGap(line: object): line is { gap: { worker: string; first: number; last: number; lost: number } } {
  return "gap" in line;
}
