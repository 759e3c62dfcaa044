import { Suspect } from "./suspects";
import { Reason } from "./verdict";

/** What the score of a request rests on. Values are those of `postern.v1.ScoredBy`. */
export const enum ScoredBy {
  Nothing = 0,
  Screen = 1,
  Model = 2,
  ScreenAlone = 3,
  Uninspected = 4,
}

/** The evidence of screen and model on one request: its worst value decides. */
export class ScoreEvidence {
  scoredBy: ScoredBy = ScoredBy.Nothing;
  /** Probability of an attack by what it was scored by, 0 to 1,000,000. */
  millionths: u32 = 0;
  /** The same by the screen, whoever else was asked. */
  screenMillionths: u32 = 0;
  /** `postern.v1.AttackClass`; 0 where only the screen has seen the value. */
  attackClass: u32 = 0;
  /** Why a part of the request could not be inspected, or `Permitted`. */
  uninspected: Reason = Reason.Permitted;
  /** The worst value, in the form that was worst. */
  finding: Suspect | null = null;

  constructor(
    /** The model denies from here on, millionths. */
    public readonly modelDeny: u32,
    /** From here on the screen is sure of an attack by itself, millionths. */
    public readonly denyAlone: u32,
    /** From here on more is asked of the user, millionths; all ones: never. */
    public readonly stepUpFrom: u32,
  ) {}

  /** Some part was not inspected, whatever the rest says. */
  cannotInspect(reason: Reason): void {
    this.scoredBy = ScoredBy.Uninspected;
    this.uninspected = reason;
  }
}
