import { ScoredBy, ScoreEvidence } from "./score-evidence";
import { Effect, Reason, Rung, reasonRow, Verdict } from "./verdict";

const PERMIT = new Verdict(Effect.Permit, Reason.Permitted, Reason.Permitted);

/**
 * The trust algorithm (NIST SP 800-207 section 3.3): from evidence to verdict, and nothing else.
 * `access` is the first finding of hygiene, identity and privilege, `score` that of `judgeScore`.
 * What the rung does not enforce becomes `wouldDeny`. Access comes first: no score outweighs it.
 */
export function decide(rung: Rung, access: Reason, score: Reason): Verdict {
  const finding = access != Reason.Permitted ? access : score;
  if (finding == Reason.Permitted) return PERMIT;
  if (rung >= reasonRow(finding).enforcedFrom) return new Verdict(Effect.Deny, finding, Reason.Permitted);
  return new Verdict(Effect.Permit, Reason.Permitted, finding);
}

/** What is asked of the user for a score that does not deny. */
export function judgeRisk(evidence: ScoreEvidence): Reason {
  if (evidence.scoredBy == ScoredBy.Nothing) return Reason.Permitted;
  return evidence.millionths >= evidence.stepUpFrom ? Reason.ScoreStepUp : Reason.Permitted;
}

/**
 * What the score says, by the thresholds of the bundle; equal to a threshold is over it. Either of screen and model can
 * deny: each finds attacks that the other does not know.
 */
export function judgeScore(evidence: ScoreEvidence): Reason {
  if (evidence.scoredBy == ScoredBy.Nothing) return Reason.Permitted;
  if (evidence.scoredBy == ScoredBy.Uninspected) return evidence.uninspected;
  if (evidence.scoredBy == ScoredBy.Model && evidence.modelDenies) return Reason.AttackScored;
  return evidence.screenMillionths >= evidence.denyAlone ? Reason.AttackScreened : Reason.Permitted;
}
