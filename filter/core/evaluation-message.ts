import { Evaluation } from "../evaluate";
import { grantId } from "../policy/grant";
import { tokenName } from "../report/record";
import { Suspect } from "../suspects";
import { decodingName } from "../values/decoding";
import { fieldLabel } from "../values/field-label";
import { reasonRow, Verdict } from "../verdict";
import { MessageWriter } from "./message";

/**
 * What is known of a request. u32 rung, holds; list of at most one route's name; grant's id (empty: none); token's
 * outcome; subject: list of at most one issuer's name, `sub`, workload, list of scopes; verdict; score; then where
 * `asks`, else empty: u32 deadline, list of windows. Each list is u32 count and its items.
 */
export function writeEvaluation(writer: MessageWriter, evaluation: Evaluation, asks: bool): void {
  writer.u32(evaluation.rung);
  writer.u32(u32(evaluation.holds));
  const route = evaluation.route;
  writer.u32(u32(route !== null));
  if (route !== null) writer.bytes(route.name);
  const grant = evaluation.grants.grant;
  writer.bytes(grant < 0 ? new Uint8Array(0) : grantId(evaluation.policy, grant));
  writer.bytes(tokenName(evaluation.authentication.token));
  writeSubject(writer, evaluation);
  writeVerdict(writer, asks ? evaluation.accessVerdict() : evaluation.verdict());
  writeScore(writer, evaluation);
  writer.u32(asks ? evaluation.deadlineMillis : 0);
  const question = asks ? evaluation.question : [];
  writer.u32(question.length);
  for (let i = 0; i < question.length; i++) writeWindow(writer, question[i]);
}

function writeSubject(writer: MessageWriter, evaluation: Evaluation): void {
  const subject = evaluation.authentication.subject;
  const issuer = subject.issuer;
  writer.u32(u32(issuer !== null));
  if (issuer !== null) writer.bytes(issuer.name);
  writer.bytes(subject.subject);
  writer.bytes(subject.workload);
  writer.u32(subject.scopes.length);
  for (let i = 0; i < subject.scopes.length; i++) writer.bytes(subject.scopes[i]);
}

/** u32 effect; reason's code, u32 status, public reason; code of what a higher rung would deny for. */
function writeVerdict(writer: MessageWriter, verdict: Verdict): void {
  const row = reasonRow(verdict.reason);
  writer.u32(verdict.effect);
  writer.bytes(row.code);
  writer.u32(row.status);
  writer.bytes(row.publicReason);
  writer.bytes(reasonRow(verdict.wouldDeny).code);
}

/** u32 scored by, score, the screen's score, attack class, surprisal, the usual one; code of why something was not inspected; list of at most one finding. */
function writeScore(writer: MessageWriter, evaluation: Evaluation): void {
  const evidence = evaluation.evidence;
  writer.u32(evidence.scoredBy);
  writer.u32(evidence.millionths);
  writer.u32(evaluation.inspection.suspects.worstMillionths);
  writer.u32(evidence.attackClass);
  writer.u32(evidence.surprisal);
  writer.u32(evidence.usualSurprisal);
  writer.bytes(reasonRow(evidence.uninspected).code);
  const finding = evidence.finding;
  writer.u32(u32(finding !== null));
  if (finding === null) return;
  writeWindow(writer, finding);
  writeOrigin(writer, finding);
}

/** Label, u32 kind, the window's bytes, u32 its edges, the screen's score. */
function writeWindow(writer: MessageWriter, finding: Suspect): void {
  const value = finding.value;
  writer.bytes(fieldLabel(value));
  writer.u32(value.kind);
  writer.bytes(finding.window);
  writer.u32(finding.edges);
  writer.u32(finding.millionths);
}

/** u32 component, start, end; list of decodings. For these the value is decoded again. */
function writeOrigin(writer: MessageWriter, finding: Suspect): void {
  const origin = finding.origin;
  writer.u32(origin.component);
  writer.u32(origin.start);
  writer.u32(origin.end);
  const decodings = finding.decodings;
  writer.u32(decodings.length);
  for (let i = 0; i < decodings.length; i++) writer.bytes(decodingName(decodings[i]));
}
