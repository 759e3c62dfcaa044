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

/** `postern.v1.Score`: what the model says of one window. */
export class ModelScore {
  constructor(
    /** Probability of an attack, 0 to 1,000,000. */
    public readonly millionths: u32,
    /** `postern.v1.AttackClass`: the likeliest other than benign. */
    public readonly attackClass: u32,
    /** Thousandths of a bit a byte, of the window and of what is usual in such a field; both 0: not known. */
    public readonly surprisal: u32,
    public readonly usualSurprisal: u32,
  ) {}
}

/**
 * Millionths. What the screen clears is denied only where the model finds it more likely an attack than not: the threshold of a
 * bundle is for what the screen leaves unsure, and of all else, short plain words above all, the model knows less.
 */
const LIKELY: u32 = 500_000;

/** The evidence of screen and model on one request: its worst value decides. */
export class ScoreEvidence {
  scoredBy: ScoredBy = ScoredBy.Nothing;
  /** Probability of an attack by what it was scored by, 0 to 1,000,000. */
  millionths: u32 = 0;
  /** The same by the screen, whoever else was asked. */
  screenMillionths: u32 = 0;
  /** `postern.v1.AttackClass`; 0 where only the screen has seen the value, as are these of `ModelScore`. */
  attackClass: u32 = 0;
  surprisal: u32 = 0;
  usualSurprisal: u32 = 0;
  /** Why a part of the request could not be inspected, or `Permitted`. */
  uninspected: Reason = Reason.Permitted;
  /** Whether what the model says of the finding denies. */
  modelDenies: bool = false;
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

  /** What the model says of a suspect counts where it is the worst that it has said so far: what denies is worse than what doesn't. */
  takeModel(score: ModelScore, suspect: Suspect): void {
    const denies = score.millionths >= (suspect.isCleared ? max(this.modelDeny, LIKELY) : this.modelDeny);
    const isWorse = denies != this.modelDenies ? denies : score.millionths > this.millionths;
    if (this.scoredBy == ScoredBy.Model && !isWorse) return;
    this.scoredBy = ScoredBy.Model;
    this.modelDenies = denies;
    this.millionths = score.millionths;
    this.attackClass = score.attackClass;
    this.surprisal = score.surprisal;
    this.usualSurprisal = score.usualSurprisal;
    this.finding = suspect;
  }

  /** Some part was not inspected, whatever the rest says. */
  cannotInspect(reason: Reason): void {
    this.scoredBy = ScoredBy.Uninspected;
    this.uninspected = reason;
  }
}
