import { ATTACK_CLASSES, SURPRISAL_COLUMNS } from "./bundle.ts";
import type { ModelScore } from "./core/evaluation.ts";
import type { ModelAnswer } from "./model-run.ts";
import { ServiceError } from "./service-error.ts";

/** postern.v1.Score */
export interface AttackScore {
  /** Probability of an attack, 0 to 1,000,000. */
  readonly attackMillionths: number;
  /** Index of the likeliest class other than benign. */
  readonly attackClass: number;
  /** Thousandths of a bit a byte, and those that are usual in such a field; both 0: the model does not tell. */
  readonly surprisalMillibits: number;
  readonly usualMillibits: number;
}

/** The same as the core is answered. */
export function modelScore({ attackMillionths, attackClass, ...surprisal }: AttackScore): ModelScore {
  return { ...surprisal, millionths: attackMillionths, attackClass: ATTACK_CLASSES[attackClass] ?? "benign" };
}

const BENIGN = 0;
const MOST_MILLIBITS = 64_000;

/**
 * The model's answer as scores: P(attack) = 1 - P(benign). Pure.
 * @throws ServiceError `internal`: what the model gave is no probability, or a surprisal that is no number
 */
export function attackScores({ probabilities, surprisal }: ModelAnswer): AttackScore[] {
  const rows = probabilities.length / ATTACK_CLASSES.length;
  return Array.from({ length: rows }, (_, row) => ({
    ...scoreOf(probabilities.subarray(row * ATTACK_CLASSES.length, (row + 1) * ATTACK_CLASSES.length)),
    surprisalMillibits: surprisal === null ? 0 : millibits(surprisal[row * SURPRISAL_COLUMNS]),
    usualMillibits: surprisal === null ? 0 : millibits(surprisal[row * SURPRISAL_COLUMNS + 1]),
  }));
}

function scoreOf(row: Float32Array): Pick<AttackScore, "attackClass" | "attackMillionths"> {
  if (!row.every((probability) => probability >= 0 && probability <= 1.001)) {
    throw new ServiceError("internal", "the model gave what is not a probability");
  }
  const attack = Math.min(1, Math.max(0, 1 - (row[BENIGN] as number)));
  const attacks = row.subarray(BENIGN + 1);
  return {
    attackMillionths: Math.round(attack * 1_000_000),
    attackClass: BENIGN + 1 + attacks.indexOf(Math.max(...attacks)),
  };
}

function millibits(bits = Number.NaN): number {
  if (Number.isNaN(bits)) throw new ServiceError("internal", "the model gave a surprisal that is no number");
  return Math.min(MOST_MILLIBITS, Math.max(0, Math.round(bits * 1000)));
}
