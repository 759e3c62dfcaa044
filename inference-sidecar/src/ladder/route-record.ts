import type { Mode } from "../policy/policy.ts";
import type { Evidence, FindingKind } from "./evidence.ts";

/** Who moved a route, or proposed it. */
export type Mover =
  /** Has proved it by a token. */
  | { readonly kind: "operator"; readonly name: string }
  /** The gateway's own user, where the policy has no operators. */
  | { readonly kind: "user" }
  | { readonly kind: "evidence" }
  | { readonly kind: "policy" };

export type MoveKind =
  | "propose"
  | "canary"
  | "canary-end"
  | "promote"
  | "demote"
  | "pin"
  | "release"
  | "refit"
  | "reset";

/** Moves after which the whole route stands on the rung that they name. */
export const SETTLING_MOVES: readonly string[] = ["promote", "demote", "pin", "reset"] satisfies MoveKind[];

/** What was known of the rung that is left, or of the canary, and by what it was judged. */
export interface MoveEvidence extends Evidence {
  /** Of findings of the rung itself, and of the next one. */
  readonly reviews: Readonly<Record<"benign" | "attacks", Readonly<Record<FindingKind, number>>>>;
  /** Share of requests that may be false, and the least number of days. */
  readonly budget: number;
  readonly daysNeeded: number;
}

/** A step of a route, as the decision log tells it. */
export interface Move {
  /** UUID. A crash may have the log tell one move twice. */
  readonly id: string;
  readonly route: string;
  readonly kind: MoveKind;
  readonly from: Mode;
  readonly to: Mode;
  readonly by: Mover;
  readonly evidence: MoveEvidence;
  /** Millionths; absent: the move is no refit. */
  readonly modelDeny?: number;
}

/** A canary under way. */
export interface CanaryRecord {
  readonly rung: Mode;
  readonly shareMillionths: number;
  /** Hexadecimal. */
  readonly salt: string;
  readonly evidence: Evidence;
}

/** What is remembered of a route. */
export interface RouteRecord {
  readonly route: string;
  /** The policy's rung when the route began; another one there begins it anew. */
  readonly mode: Mode;
  readonly rung: Mode;
  readonly evidence: Evidence;
  readonly canary: CanaryRecord | null;
  /** The next rung, proposed and waiting for an operator. */
  readonly proposed: Mode | null;
  /** Neither evidence nor reviews move it. */
  readonly pinned: boolean;
  /** The model's threshold on `adapt`, millionths; 0: as shipped. */
  readonly modelDeny: number;
  /** Digest of the bundle that the evidence is of; absent: a release before this was told has stored it. */
  readonly bundle?: string;
  /** Digest of what the route asked when the evidence was made (`ConfiguredRoute.rules`); absent: as for `bundle`. */
  readonly rules?: string;
  /** A move that is in force and perhaps not in the log: a crash came between. */
  readonly unlogged: Move | null;
}
