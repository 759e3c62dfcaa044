import { bytes } from "proxy-wasm-as/bytes";
import { ProtobufWriter } from "../encoding/protobuf";
import { Evaluation } from "../evaluate";
import { TokenOutcome } from "../identity/token-outcome";
import { grantId } from "../policy/grant";
import { StageTimings } from "../stage-timings";
import { Suspect } from "../suspects";
import { decodingName } from "../values/decoding";
import { fieldLabel } from "../values/field-label";
import { Reason, Rung, reasonRow, Verdict } from "../verdict";
import { checksPassed } from "./checks";
import { pathShape } from "./path-shape";

const MAX_TEXT_BYTES = 256;
const ABSENT = bytes("absent");
const VALID = bytes("valid");
const NONE = new Uint8Array(0);

/** `postern.v1.Decision`: what was decided and why, without any value of the request. */
export function encodeDecision(
  arrivedMillis: i64,
  encrypted: bool,
  evaluation: Evaluation,
  verdict: Verdict,
): Uint8Array {
  const writer = new ProtobufWriter(384);
  const subject = evaluation.authentication.subject;
  const issuer = subject.issuer;
  const evidence = evaluation.evidence;
  writer.uint(1, <u64>arrivedMillis).bytes(2, cut(evaluation.request.method));
  const route = evaluation.route;
  if (route !== null) writer.bytes(3, cut(route.name));
  writer.uint(4, evaluation.rung).uint(5, verdict.effect);
  writer.bytes(6, reasonRow(verdict.reason).code).bytes(7, codeOf(verdict.wouldDeny));
  if (issuer !== null) writer.bytes(8, cut(issuer.name)).bytes(9, cut(subject.subject));
  writer.bytes(10, cut(subject.workload));
  const grants = evaluation.grants;
  if (grants.grant >= 0) writer.bytes(11, grantId(evaluation.policy, grants.grant));
  writer.bytes(12, tokenName(evaluation.authentication.token));
  writer.uint(13, evidence.scoredBy).uint(14, evidence.millionths).uint(15, evidence.attackClass);
  writer.uint(22, evidence.surprisal).uint(23, evidence.usualSurprisal);
  const finding = evidence.finding;
  if (finding !== null) writer.element(16, encodeFinding(finding));
  writer.bytes(17, codeOf(evidence.uninspected));
  writeTimings(writer, evaluation.timings);
  writer.bytes(30, subject.apiKey);
  if (route === null || evaluation.rung == Rung.Observe) writer.bytes(31, pathShape(evaluation.request.path));
  if (grants.expired >= 0) writer.bytes(19, grantId(evaluation.policy, grants.expired));
  writer.uint(20, checksPassed(evaluation, encrypted)).uint(21, evaluation.isProbe ? 1 : 0);
  return writer.finish();
}

/** `postern.v1.Completion`. `ended`: why the gate ended the stream of a permitted request; `Permitted`: it did not. */
export function encodeCompletion(responseStatus: u32, responseBytes: u64, ended: Reason): Uint8Array {
  const writer = new ProtobufWriter(32);
  writer.uint(1, responseStatus).uint(2, responseBytes).bytes(3, codeOf(ended));
  return writer.finish();
}

function encodeFinding(finding: Suspect): Uint8Array {
  const value = finding.value;
  const writer = new ProtobufWriter(64);
  const origin = finding.origin;
  writer.bytes(1, fieldLabel(value)).uint(2, origin.start).uint(3, origin.end);
  const decodings = finding.decodings;
  for (let i = 0; i < decodings.length; i++) writer.element(4, decodingName(decodings[i]));
  return writer.finish();
}

/** Six numbers of 32 bits: 36 bytes at most. */
function writeTimings(writer: ProtobufWriter, timings: StageTimings): void {
  const opened = writer.open(18);
  writer.uint(1, timings.request).uint(2, timings.identity).uint(3, timings.policy);
  writer.uint(4, timings.values).uint(5, timings.screen).uint(6, timings.inference);
  writer.close(opened);
}

function codeOf(reason: Reason): Uint8Array {
  return reason == Reason.Permitted ? NONE : reasonRow(reason).code;
}

/** `absent`, `valid`, or the reason code of its refusal. */
export function tokenName(outcome: TokenOutcome): Uint8Array {
  if (outcome == TokenOutcome.ABSENT) return ABSENT;
  if (outcome == TokenOutcome.VALID) return VALID;
  return reasonRow(<Reason>(Reason.TokenMalformed + (outcome - TokenOutcome.MALFORMED))).code;
}

function cut(text: Uint8Array): Uint8Array {
  return text.length <= MAX_TEXT_BYTES ? text : text.subarray(0, MAX_TEXT_BYTES);
}
