import { ProtobufWriter } from "../encoding/protobuf";
import { Environment } from "../environment";
import { Evaluation } from "../evaluate";
import { ScoredBy } from "../score-evidence";
import { Effect, Reason, Verdict } from "../verdict";
import { capturedHead } from "./captured-head";

const NONE = new Uint8Array(0);
const KEEP_NOTHING: u32 = 0;
const KEEP_VALUES: u32 = 2;
/** One in so many requests that the screen cleared is scored by the model, too, when nobody waits. */
const SAMPLED_OF: u32 = 64;

let cleared: u32 = 0;

/**
 * `postern.v1.Evidence` of a decision, by its route's `evidence`: the window of what the score denied or would have, the
 * request where it is to be kept, and now and then the worst window of one that the screen cleared. Empty: nothing.
 */
export function encodeEvidence(evaluation: Evaluation, verdict: Verdict, environment: Environment): Uint8Array {
  const route = evaluation.route;
  if (route === null || route.evidence == KEEP_NOTHING || evaluation.isProbe) return NONE;
  const denied = isByScore(verdict.reason) || isByScore(verdict.wouldDeny);
  const sampled = !denied && isSampled(evaluation, verdict);
  const captured = route.evidence == KEEP_VALUES;
  if (!denied && !sampled && !captured) return NONE;
  const writer = new ProtobufWriter(512);
  const finding = evaluation.evidence.finding;
  if (finding !== null && (denied || sampled)) {
    writer
      .bytes(1, finding.window)
      .uint(2, sampled ? 1 : 0)
      .uint(8, finding.edges)
      .uint(9, <u32>finding.value.kind + 1);
  }
  if (!captured) return writer.finish();
  writer
    .bytes(3, capturedHead(evaluation.request.headers, evaluation.policy.keyHeader))
    .bytes(4, evaluation.inspection.body);
  writer.uint(5, evaluation.inspection.bodyIsCut ? 1 : 0).bytes(6, environment.sourceAddress());
  return writer.bytes(7, evaluation.authentication.subject.claims.payload).finish();
}

function isByScore(reason: Reason): bool {
  return reason == Reason.AttackScored || reason == Reason.AttackScreened;
}

function isSampled(evaluation: Evaluation, verdict: Verdict): bool {
  const evidence = evaluation.evidence;
  if (evidence.scoredBy != ScoredBy.Screen || verdict.effect != Effect.Permit || evidence.finding === null)
    return false;
  return ++cleared % SAMPLED_OF == 0;
}
