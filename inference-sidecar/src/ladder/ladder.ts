import { randomUUID } from "node:crypto";
import type { Decided } from "../decision-log/record-line.ts";
import type { SealedLog } from "../decision-log/sealed-log.ts";
import { describeConfiguration } from "../maturity/configuration.ts";
import type { PolicyInForce } from "../policy/in-force.ts";
import { MODES, type Mode, type Operator, type Route } from "../policy/policy.ts";
import { logEvent } from "../process-log.ts";
import { conformalThreshold } from "../review/conformal.ts";
import type { Reviews } from "../review/reviews.ts";
import { weighedScores } from "../review/weight.ts";
import type { Table } from "../store/table.ts";
import type { SyncedState } from "../sync/synced-state.ts";
import { Turns } from "../turns.ts";
import { addEvidence, noEvidence } from "./evidence.ts";
import { judgedAnew } from "./judged-anew.ts";
import type { Move, Mover, RouteRecord } from "./route-record.ts";
import { askedFor, nextRung, type Step, stepByEvidence, type Tallies } from "./steps.ts";
import { syncedRoutes } from "./synced-routes.ts";

export interface LadderParts {
  readonly table: Table<RouteRecord>;
  readonly log: SealedLog;
  readonly reviews: Reviews;
  readonly synced: SyncedState;
  /** The bundle that judges now (its digest), and the threshold of its model as shipped, millionths. */
  readonly judge: () => { readonly bundle: string; readonly modelDeny: number };
  readonly now?: () => Date;
}

/** A route of the policy in force and where it stands. */
export interface LadderRoute {
  readonly route: Pick<Route, "name" | "mode" | "ladder" | "score">;
  readonly record: RouteRecord;
}

const MILLION = 1_000_000;
/** Evidence is on the disk at most so much later; a crash loses so much of it. */
const FLUSH_MS = 1_000;

/** Where each route stands. Every step is a record of the decision log and in the store before any worker has it. */
export class Ladder {
  readonly #parts: LadderParts;
  readonly #routes = new Map<string, LadderRoute>();
  readonly #dirty = new Set<string>();
  #operators: readonly Operator[] = [];
  readonly #turns = new Turns();
  readonly #timer: NodeJS.Timeout;

  constructor(parts: LadderParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => void this.#turns.take(() => this.#settle()).catch(logFailure), FLUSH_MS);
  }

  get operators(): readonly Operator[] {
    return this.#operators;
  }

  get routes(): readonly LadderRoute[] {
    return [...this.#routes.values()];
  }

  get(name: string): LadderRoute | null {
    return this.#routes.get(name) ?? null;
  }

  tallies({ route, evidence, rung, canary }: RouteRecord): Tallies {
    const names = this.#operators.map(({ name }) => name);
    const tally = (on: Mode, since: string) => this.#parts.reviews.tally(route, on, since, names);
    return {
      route: tally(rung, evidence.since),
      canary: canary === null ? null : tally(canary.rung, canary.evidence.since),
    };
  }

  /** The rung that reviews ask for and do not take the route to; null: none. */
  asked(name: string): Mode | null {
    const of = this.#routes.get(name);
    if (of === undefined) return null;
    return askedFor(of.record, of.route.ladder, this.tallies(of.record).route, this.#operators.length);
  }

  /** Has the workers know what is remembered, before any policy is known; also without room on the disk. */
  restore(): Promise<void> {
    const remembered = this.#parts.table.entries().map(([, record]) => this.#judged(record, record.rules));
    return this.#parts.synced.set("routes", syncedRoutes(remembered)).catch(logFailure);
  }

  /** Takes up the policy in force: a route whose rung or ladder it has changed goes by it. */
  follow({ policy }: PolicyInForce): Promise<void> {
    return this.#turns.take(async () => {
      this.#operators = policy.operators;
      const names = new Set(policy.routes.map(({ name }) => name));
      const asked = new Map(describeConfiguration(policy, "").routes.map(({ name, rules }) => [name, rules]));
      for (const [name] of this.#parts.table.entries()) if (!names.has(name)) await this.#parts.table.remove(name);
      for (const name of this.#routes.keys()) if (!names.has(name)) this.#routes.delete(name);
      // A log that can't be written keeps no policy from being followed: the filter holds a route to it by itself.
      const begun: Promise<unknown>[] = [];
      for (const route of policy.routes) {
        await this.#takeUp(route, asked.get(route.name) as string).catch(logFailure);
        begun.push(this.#remember(route.name).catch(logFailure));
      }
      await Promise.all(begun);
      await this.#publish();
    });
  }

  /** Counts a decision that was written. */
  count(decided: Decided): void {
    const known = this.#routes.get(decided.route)?.record;
    if (known === undefined) return;
    const evidence = [known, known.canary].find((one) => one?.rung === decided.rung)?.evidence;
    if (evidence === undefined || decided.time < evidence.since) return;
    addEvidence(evidence, decided);
    this.#dirty.add(decided.route);
  }

  /** Takes the step that `decide` gives for the route, with a record of who made it. */
  async move(name: string, mover: Mover, decide: (of: LadderRoute) => Step): Promise<RouteRecord> {
    return this.#turns.take(async () => {
      const of = this.#routes.get(name);
      if (of === undefined) throw new Error(`no route ${name}`);
      const step = decide(of);
      await this.#take(step, mover);
      await this.#publish();
      return step.next;
    });
  }

  /** A review of an event of the route has come or gone. */
  reviewed(name: string): Promise<void> {
    return this.#turns.take(async () => {
      this.#dirty.add(name);
      await this.#settle();
    });
  }

  /** Another model judges: what was learnt of the one before says nothing of it, whether that can be stored or not. */
  judgedAnew(): Promise<void> {
    return this.#turns.take(async () => {
      for (const [name, of] of this.#routes) {
        const record = this.#judged(of.record, of.record.rules);
        if (record === of.record) continue;
        this.#dirty.add(name);
        this.#routes.set(name, { ...of, record });
        await this.#tellUnfitted(of.record, record).catch(logFailure);
      }
      await this.#publish();
      await this.#settle();
    });
  }

  /** Stores what was counted, as far as the disk takes it: whoever closes it has more to close. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#turns.take(() => this.#settle()).catch(logFailure);
  }

  /**
   * Goes on where the route stood, or begins anew where the policy has changed its rung or left it outside its ladder. A
   * proposal that the ladder no longer reaches falls.
   * @param rules digest of what the route asks
   */
  async #takeUp(route: LadderRoute["route"], rules: string): Promise<void> {
    const stored = this.#routes.get(route.name)?.record ?? this.#parts.table.get(route.name);
    const known = stored === undefined ? this.#firstRecord(route, rules) : this.#judged(stored, rules);
    const isReached = known.proposed === null || known.proposed === nextRung(known, route.ladder);
    const record = isReached ? known : { ...known, proposed: null };
    // Whose reviews have refitted the threshold may be an operator no more.
    if ((stored !== undefined && record !== stored) || record.modelDeny !== 0) this.#dirty.add(route.name);
    this.#routes.set(route.name, { route, record });
    if (stored === undefined) return;
    if (record.unlogged !== null) {
      await this.#log(record.unlogged);
      const logged = { ...record, unlogged: null };
      this.#routes.set(route.name, { route, record: logged });
      await this.#parts.table.put(route.name, logged);
    }
    if (fits(stored, route)) return this.#tellUnfitted(stored, this.#routes.get(route.name)?.record ?? record);
    return this.#take({ kind: "reset", next: this.#firstRecord(route, rules) }, { kind: "policy" });
  }

  /** Has the log tell of a threshold that is as shipped again because what it was fitted to judges no more. */
  async #tellUnfitted(before: RouteRecord, next: RouteRecord): Promise<void> {
    if (before.modelDeny !== next.modelDeny) await this.#take({ kind: "refit", next }, { kind: "evidence" });
  }

  /** Puts a route that begins into the store: what it shows counts from now on, also after a restart. */
  async #remember(name: string): Promise<void> {
    const known = this.#routes.get(name)?.record;
    if (known !== undefined && !this.#parts.table.has(name)) await this.#parts.table.put(name, known);
  }

  #judged(record: RouteRecord, rules: string | undefined): RouteRecord {
    return judgedAnew(
      record,
      { bundle: this.#parts.judge().bundle, ...(rules !== undefined && { rules }) },
      this.#now(),
    );
  }

  /**
   * Stores the evidence that is new, and takes the steps that it asks for. What fails is tried again the next time, with the
   * newest of it. @throws Error the first that failed, after all others are done
   */
  async #settle(): Promise<void> {
    const names = [...this.#dirty];
    this.#dirty.clear();
    let moved = false;
    const stored: Promise<unknown>[] = [];
    const failures: Error[] = [];
    for (const name of names) {
      const of = this.#routes.get(name);
      if (of === undefined) continue;
      const step = this.#stepOf(of);
      const done = step === null ? this.#parts.table.put(name, of.record) : this.#take(step, { kind: "evidence" });
      // Caught here: while another step is taken nobody looks at it, and unhandled it would end the process.
      const caught = done.catch((error: Error) => {
        this.#dirty.add(name);
        failures.push(error);
      });
      if (step === null) stored.push(caught);
      else await caught;
      moved ||= step !== null;
    }
    await Promise.all(stored);
    if (moved) await this.#publish();
    if (failures[0] !== undefined) throw failures[0];
  }

  #stepOf({ route, record }: LadderRoute): Step | null {
    const tallies = this.tallies(record);
    const step = stepByEvidence(record, route.ladder, tallies, this.#operators.length, this.#now());
    if (step !== null || record.rung !== "adapt") return step;
    const { evidence } = record;
    const given = [...tallies.route.refused.values()].map((scores) => scores.filter((score) => score !== null));
    const scores = weighedScores(given, this.#operators.length);
    const passed = evidence.admitted - evidence.here;
    const wanted = scores.length === 0 ? 0 : conformalThreshold(passed, scores, route.ladder.budget);
    const modelDeny = wanted === null ? record.modelDeny : this.#withinLimits(wanted, route);
    return modelDeny === record.modelDeny ? null : { kind: "refit", next: { ...record, modelDeny } };
  }

  /** Never below the policy's or the shipped threshold, at most half the way from there to certainty: the filter keeps to the same. */
  #withinLimits(wanted: number, { score }: LadderRoute["route"]): number {
    const ofPolicy = score.inspect === "off" ? null : score.thresholds;
    const modelDeny = ofPolicy?.modelDeny ?? this.#parts.judge().modelDeny;
    return wanted <= modelDeny ? 0 : Math.min(wanted, modelDeny + Math.floor((MILLION - modelDeny) / 2));
  }

  /** Into the store, into the log, and only then in force. What the log refuses does not happen. */
  async #take({ kind, next }: Step, by: Mover): Promise<void> {
    const of = this.#routes.get(next.route);
    if (of === undefined) return;
    const { table } = this.#parts;
    const before = of.record;
    const { route, canary } = this.tallies(before);
    const ofCanary = kind === "promote" || kind === "canary-end" ? before.canary : null;
    const { benign, attacks } = (ofCanary === null ? null : canary) ?? route;
    const { budget, days: daysNeeded } = of.route.ladder;
    const known = { ...(ofCanary ?? before).evidence, reviews: { benign, attacks }, budget, daysNeeded };
    const to = next.canary?.rung ?? next.proposed ?? next.rung;
    const refit = kind === "refit" ? { modelDeny: next.modelDeny } : {};
    const move: Move = {
      id: randomUUID(),
      route: next.route,
      kind,
      from: before.rung,
      to,
      by,
      evidence: known,
      ...refit,
    };
    await table.put(next.route, { ...next, unlogged: move });
    try {
      await this.#log(move);
    } catch (error) {
      await table.put(next.route, before);
      throw error;
    }
    this.#routes.set(next.route, { ...of, record: next });
    // It has happened: what the store lacks is only that the log has it, and a start would tell it once more.
    await table.put(next.route, next).catch((error: Error) => {
      this.#dirty.add(next.route);
      logFailure(error);
    });
  }

  async #log(move: Move): Promise<void> {
    const { log } = this.#parts;
    await log.append([{ v: 1, time: this.#now(), move }], () => undefined);
    await log.sync();
  }

  #firstRecord({ name, mode }: LadderRoute["route"], rules: string): RouteRecord {
    const evidence = noEvidence(this.#now());
    const start = { canary: null, proposed: null, pinned: false, modelDeny: 0, unlogged: null };
    return { route: name, mode, rung: mode, evidence, ...start, bundle: this.#parts.judge().bundle, rules };
  }

  #now(): string {
    return (this.#parts.now?.() ?? new Date()).toISOString();
  }

  #publish(): Promise<void> {
    return this.#parts.synced.set("routes", syncedRoutes(this.routes.map(({ record }) => record)));
  }
}

/** Whether what is remembered is still what the policy speaks of. */
function fits({ mode, rung, canary }: RouteRecord, route: LadderRoute["route"]): boolean {
  const { floor, ceiling } = route.ladder;
  const within = [rung, canary?.rung ?? rung].every(
    (one) => MODES.indexOf(one) >= MODES.indexOf(floor) && MODES.indexOf(one) <= MODES.indexOf(ceiling),
  );
  return mode === route.mode && within;
}

function logFailure({ message }: Error): void {
  logEvent("error", "ladder_failed", { message });
}
