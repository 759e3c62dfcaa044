import type { LogRecord } from "../../inference-sidecar/src/decision-log/record.ts";
import { type MoveKind, SETTLING_MOVES } from "../../inference-sidecar/src/ladder/route-record.ts";
import type { Configuration } from "../../inference-sidecar/src/maturity/configuration.ts";
import { NONE } from "../../inference-sidecar/src/policy/blob-layout.ts";
import { MODES, type Mode, type Policy, type Route } from "../../inference-sidecar/src/policy/policy.ts";

/** Where a route stood that the ladder had moved. */
export interface Moved {
  readonly rung: Mode;
  /** The model's threshold on `adapt`, millionths; 0: as the policy says. */
  readonly modelDeny: number;
}

interface MoveOnRecord {
  readonly route: string;
  readonly kind: MoveKind;
  readonly to: Mode;
  readonly modelDeny?: number;
}

/** Where the ladder had each route, by the moves of the log up to here. */
export class LadderThen {
  readonly #routes = new Map<string, Moved>();

  follow(move: MoveOnRecord): void {
    if (SETTLING_MOVES.includes(move.kind)) this.#routes.set(move.route, { rung: move.to, modelDeny: 0 });
    if (move.kind === "refit") this.#routes.set(move.route, { rung: move.to, modelDeny: move.modelDeny ?? 0 });
  }

  /** The threshold that a decision of `adapt` was made by, if it had been refitted; else 0. */
  refitted({ route, rung }: LogRecord): number {
    return rung === "adapt" ? (this.#routes.get(route)?.modelDeny ?? 0) : 0;
  }

  /**
   * Routes that under tomorrow's policy would have stood elsewhere than on its `mode` when the decision was made: they had
   * moved, the policy begins them where yesterday's did, and its ladder reaches as far. In a canary the record's own rung counts.
   */
  under(policy: Policy, before: Configuration | null, record: LogRecord): ReadonlyMap<string, Moved> {
    const moved = new Map<string, Moved>();
    for (const name of new Set([...this.#routes.keys(), record.route])) {
      const then = before?.routes.find((route) => route.name === name);
      const now = policy.routes.find((route) => route.name === name);
      if (then === undefined || now === undefined || now.mode !== then.rung) continue;
      const known = this.#routes.get(name) ?? { rung: now.mode, modelDeny: 0 };
      const rung = name === record.route ? (record.rung as Mode) : known.rung;
      const modelDeny = rung === "adapt" ? known.modelDeny : 0;
      if (!reaches(now, rung) || (rung === now.mode && modelDeny === 0)) continue;
      moved.set(name, { rung, modelDeny });
    }
    return moved;
  }
}

/** The policy as if it began its routes where the ladder had them. */
export function standingOn(policy: Policy, moved: ReadonlyMap<string, Moved>): Policy {
  const routes = policy.routes.map((route) => {
    const standing = moved.get(route.name);
    return standing === undefined ? route : { ...route, mode: standing.rung, score: refit(route, standing.modelDeny) };
  });
  return { ...policy, routes };
}

function refit({ score }: Route, modelDeny: number): Route["score"] {
  if (score.inspect === "off" || modelDeny === 0) return score;
  return { ...score, thresholds: { denyAlone: score.thresholds?.denyAlone ?? NONE, modelDeny } };
}

function reaches({ ladder }: Route, rung: Mode): boolean {
  const place = MODES.indexOf(rung);
  return place >= MODES.indexOf(ladder.floor) && place <= MODES.indexOf(ladder.ceiling);
}
