import { type LogRecord, principalOf } from "../../inference-sidecar/src/decision-log/record.ts";
import type { Decided } from "./by-record.ts";

/** A decision that would be another one. */
export interface Example {
  readonly id: string;
  readonly time: string;
  readonly route: string;
  readonly principal: string;
  readonly was: string;
  readonly now: string;
}

/** Decisions that changed in one way. */
export interface Changes {
  readonly count: number;
  readonly routes: Readonly<Record<string, number>>;
  /** The most affected, by pseudonym, SPIFFE id or API key's name; `anonymous` is who had none. */
  readonly principals: Readonly<Record<string, number>>;
  readonly examples: readonly Example[];
}

/**
 * What comes of it: `too_few` is that nothing changed, and that less than `ENOUGH` of what a policy could change was replayed;
 * `nothing` that there is no decision that one could change.
 */
export type Outcome = "same" | "different" | "too_few" | "nothing";

export interface ReplayReport {
  readonly outcome: Outcome;
  readonly decisions: number;
  /** Judged anew, with the request itself or by the record alone. */
  readonly replayed: number;
  readonly byRequest: number;
  readonly byRecord: number;
  readonly newlyDenied: Changes;
  readonly newlyAllowed: Changes;
  /** Denied before and after, for another reason. */
  readonly otherReason: number;
  /** How many could not be replayed, by why. */
  readonly notReplayed: Readonly<Record<string, number>>;
  /** What of the policy no replay can tell. */
  readonly leftOut: readonly string[];
}

/** Part of the decisions, but for those that no policy changes. */
export const ENOUGH = 0.95;
const EXAMPLES_MOST = 5;
const PRINCIPALS_SHOWN = 10;

class ChangeCounter {
  #count = 0;
  readonly #routes = new Map<string, number>();
  readonly #principals = new Map<string, number>();
  readonly #examples: Example[] = [];

  add(record: LogRecord, now: string): void {
    const { id, time, subject, reason } = record;
    const route = record.route || "(none)";
    const principal = principalOf(subject) || "anonymous";
    this.#count += 1;
    count(this.#routes, route);
    count(this.#principals, principal);
    if (this.#examples.length < EXAMPLES_MOST) this.#examples.push({ id, time, route, principal, was: reason, now });
  }

  get changes(): Changes {
    return {
      count: this.#count,
      routes: most(this.#routes),
      principals: most(this.#principals, PRINCIPALS_SHOWN),
      examples: this.#examples,
    };
  }
}

/** Counts recorded decisions against those that are made anew. */
export class Comparison {
  readonly #leftOut: readonly string[];
  #decisions = 0;
  #setAside = 0;
  readonly #replayed = { request: 0, record: 0 };
  #otherReason = 0;
  readonly #denied = new ChangeCounter();
  readonly #allowed = new ChangeCounter();
  readonly #notReplayed = new Map<string, number>();

  constructor(leftOut: readonly string[]) {
    this.#leftOut = leftOut;
  }

  skip(why: string): void {
    this.#decisions += 1;
    count(this.#notReplayed, why);
  }

  /** As `skip`, of a decision that no policy changes. */
  setAside(why: string): void {
    this.skip(why);
    this.#setAside += 1;
  }

  add(record: LogRecord, now: Decided, by: "request" | "record"): void {
    this.#decisions += 1;
    this.#replayed[by] += 1;
    if (record.effect === now.effect) {
      if (record.reason !== now.reason) this.#otherReason += 1;
    } else if (now.effect === "deny") this.#denied.add(record, now.reason);
    else this.#allowed.add(record, now.reason);
  }

  get report(): ReplayReport {
    const { request, record } = this.#replayed;
    return {
      outcome: this.#outcome(request + record),
      decisions: this.#decisions,
      replayed: request + record,
      byRequest: request,
      byRecord: record,
      newlyDenied: this.#denied.changes,
      newlyAllowed: this.#allowed.changes,
      otherReason: this.#otherReason,
      notReplayed: most(this.#notReplayed),
      leftOut: this.#leftOut,
    };
  }

  #outcome(replayed: number): Outcome {
    if (this.#denied.changes.count + this.#allowed.changes.count > 0) return "different";
    const changeable = this.#decisions - this.#setAside;
    if (changeable === 0) return "nothing";
    return replayed >= ENOUGH * changeable ? "same" : "too_few";
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** The largest first; at most so many. */
function most(counts: ReadonlyMap<string, number>, shown = counts.size): Record<string, number> {
  const entries = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return Object.fromEntries(entries.slice(0, shown));
}
