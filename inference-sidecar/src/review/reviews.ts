import { AdminError } from "../admin/admin-error.ts";
import type { FindingKind } from "../ladder/evidence.ts";
import type { Mode } from "../policy/policy.ts";
import type { Table } from "../store/table.ts";

/** An operator's word on one event. */
export interface Review {
  /** Of the decision. */
  readonly id: string;
  readonly label: "benign" | "attack";
  readonly why: string;
  readonly operator: string;
  readonly time: string;
  /** What was decided: where, when, and what of it the rung or the next one refused. */
  readonly event: {
    readonly route: string;
    readonly rung: Mode;
    readonly time: string;
    readonly kinds: readonly FindingKind[];
    /** The model's score, millionths; null: it was not for that. */
    readonly modelScore: number | null;
  };
}

/** What reviews of those who may review now say of the events of one route on one rung since some time. */
export interface Tally {
  readonly benign: Record<FindingKind, number>;
  readonly attacks: Record<FindingKind, number>;
  /** Of those who have said `benign` of what the rung refused: the model's scores of each one's events, millionths; null: it was not for that. */
  readonly refused: ReadonlyMap<string, readonly (number | null)[]>;
}

const REVIEWS_MOST = 10_000;
const PER_HOUR_MOST = 60;
const HOUR_MS = 3_600_000;
const KEPT_MS = 90 * 24 * HOUR_MS;

/** The reviews that stand, by decision; kept for 90 days. */
export class Reviews {
  readonly #table: Table<Review>;
  readonly #reviews = new Map<string, Review>();
  /** When each operator reviewed or undid, within the last hour. */
  readonly #recent = new Map<string, number[]>();

  private constructor(table: Table<Review>) {
    this.#table = table;
  }

  static async open(table: Table<Review>): Promise<Reviews> {
    const reviews = new Reviews(table);
    for (const [key, value] of table.entries()) {
      const atMs = Date.parse(value.time);
      if (atMs < Date.now() - KEPT_MS) await table.remove(key);
      else {
        reviews.#reviews.set(key, value);
        reviews.#remember(value.operator, atMs);
      }
    }
    return reviews;
  }

  get(id: string): Review | null {
    return this.#reviews.get(id) ?? null;
  }

  /** @throws AdminError there is no room for another review */
  requireRoom(): void {
    if (this.#reviews.size < REVIEWS_MOST) return;
    throw new AdminError("conflict", `there are ${REVIEWS_MOST} reviews already: undo those that matter no more`);
  }

  /** Counts one act of an operator. @throws AdminError `rate_limited` */
  admit(operator: string): void {
    const now = Date.now();
    const recent = (this.#recent.get(operator) ?? []).filter((atMs) => atMs > now - HOUR_MS);
    this.#recent.set(operator, recent);
    if (recent.length >= PER_HOUR_MOST) {
      throw new AdminError("rate_limited", `${operator} has reviewed ${PER_HOUR_MOST} events within an hour: the most`);
    }
    recent.push(now);
  }

  async put(review: Review): Promise<void> {
    await this.#table.put(review.id, review);
    this.#reviews.set(review.id, review);
  }

  async remove(id: string): Promise<void> {
    await this.#table.remove(id);
    this.#reviews.delete(id);
  }

  /** @param operators names: what anybody else has said counts no more, nor does it carry what others say */
  tally(route: string, rung: Mode, since: string, operators: readonly string[]): Tally {
    const benign = { here: 0, above: 0 };
    const attacks = { here: 0, above: 0 };
    const refused = new Map<string, (number | null)[]>();
    for (const { event, label, operator } of this.#reviews.values()) {
      if (event.route !== route || event.rung !== rung || event.time < since) continue;
      if (!operators.includes(operator)) continue;
      for (const kind of event.kinds) (label === "benign" ? benign : attacks)[kind] += 1;
      if (label !== "benign" || !event.kinds.includes("here")) continue;
      refused.set(operator, [...(refused.get(operator) ?? []), event.modelScore]);
    }
    return { benign, attacks, refused };
  }

  #remember(operator: string, atMs: number): void {
    if (atMs > Date.now() - HOUR_MS) this.#recent.set(operator, [...(this.#recent.get(operator) ?? []), atMs]);
  }
}
