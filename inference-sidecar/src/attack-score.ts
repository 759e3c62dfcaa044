import { ATTACK_CLASSES } from "./bundle.ts";
import { ServiceError } from "./service-error.ts";

/** postern.v1.Score */
export interface AttackScore {
  /** Probability of an attack, 0 to 1,000,000. */
  readonly attackMillionths: number;
  /** Index of the likeliest class other than benign. */
  readonly attackClass: number;
}

const BENIGN = 0;

/**
 * Rows of class probabilities as scores: P(attack) = 1 - P(benign). Pure.
 * @throws ServiceError `internal`: what the model gave is no probability
 */
export function attackScores(probabilities: Float32Array): AttackScore[] {
  const rows = probabilities.length / ATTACK_CLASSES.length;
  return Array.from({ length: rows }, (_, row) => scoreOf(probabilities, row * ATTACK_CLASSES.length));
}

function scoreOf(probabilities: Float32Array, start: number): AttackScore {
  const row = probabilities.subarray(start, start + ATTACK_CLASSES.length);
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
