import { CONFIDENCE, isBelow } from "../ladder/binomial.ts";
import type { Calibration } from "./calibration.ts";

const MILLION = 1_000_000;

/** Thresholds of one route, in millionths. */
export interface RouteThresholds {
  readonly denyAlone: number;
  readonly modelDeny: number;
}

/** Benign requests that a budget needs, even if not one of them may be denied. */
export function requestsNeeded(budget: number): number {
  return Math.ceil(Math.log(1 - CONFIDENCE) / Math.log1p(-budget));
}

/**
 * How many of the calibration's requests may lie above the threshold. Of a threshold that `r` of `n` exchangeable scores
 * exceed, the share that exceeds it among those to come is at most the budget with probability 1 - F(r), F being the
 * binomial distribution of n and the budget (V. Vovk, 2012, "Conditional validity of inductive conformal predictors").
 * -1: not even none.
 */
export function exceedancesAllowed(requests: number, budget: number): number {
  let [allowed, tooMany] = [-1, requests];
  while (tooMany - allowed > 1) {
    const middle = (allowed + tooMany) >> 1;
    if (isBelow(middle, requests, budget)) allowed = middle;
    else tooMany = middle;
  }
  return allowed;
}

/** The bundle's thresholds, both moved by the same offset, so that the budget holds. Null: it has too few requests. */
export function thresholdsFor(
  { thresholds, requests, offsets }: Calibration,
  ask: "unsure" | "always",
  budget: number,
): RouteThresholds | null {
  const allowed = exceedancesAllowed(requests, budget);
  if (allowed < 0) return null;
  const largest = offsets[ask];
  // What was not kept lies below what was.
  const offset = (largest[Math.min(allowed, largest.length - 1)] as number) + 1;
  const { clearBelow, denyAlone, modelDeny } = thresholds;
  return { denyAlone: Math.max(clearBelow, moved(denyAlone, offset)), modelDeny: moved(modelDeny, offset) };
}

function moved(millionths: number, offset: number): number {
  const p = millionths / MILLION;
  const logit = Math.log(p / (1 - p)) + offset / 1000;
  return Math.min(MILLION, Math.ceil(MILLION / (1 + Math.exp(-logit))));
}
