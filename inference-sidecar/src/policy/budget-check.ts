import { CONFIDENCE } from "../ladder/binomial.ts";
import type { Calibration } from "./calibration.ts";
import { requestsNeeded, thresholdsFor } from "./conformal.ts";
import type { PolicyDocument } from "./document.ts";
import { SCORE_DEFAULTS } from "./policy.ts";
import { parsePercent } from "./units.ts";
import type { Partly, WrittenPolicy } from "./written-policy.ts";

/** Most that a budget may be: more is no protection of anybody. */
const MOST = 0.05;

/** Reports each budget that the bundle's calibration can't promise. */
export function checkBudgets(
  document: PolicyDocument,
  policy: Partly<WrittenPolicy>,
  calibration: Calibration | null,
): void {
  for (const [index, route] of (policy.routes ?? []).entries()) {
    const score = route?.score;
    if (typeof score !== "object" || score.falsePositiveBudget === undefined) continue;
    const path = ["routes", index, "score", "falsePositiveBudget"];
    const budget = parsePercent(score.falsePositiveBudget);
    if (budget === null) continue;
    if (budget <= 0 || budget > MOST) {
      document.report("out_of_range", path, `${score.falsePositiveBudget} is no budget`, "more than 0% and at most 5%");
      continue;
    }
    if (calibration !== null && thresholdsFor(calibration, score.ask ?? SCORE_DEFAULTS.ask, budget) !== null) continue;
    const needed = requestsNeeded(budget);
    const has = calibration === null ? "the bundle has no calibration" : `the bundle's has ${calibration.requests}`;
    const message = `a budget of ${score.falsePositiveBudget} at ${CONFIDENCE * 100} % confidence needs ${needed} benign requests of calibration; ${has}`;
    document.report("budget_unsupported", path, message, "a larger budget, or a bundle that was calibrated on more");
  }
}
