import { bytes } from "proxy-wasm-as/bytes";
import { ProtobufWriter } from "../encoding/protobuf";
import { Evaluation } from "../evaluate";
import { TokenOutcome } from "../identity/token-outcome";
import { StageTimings } from "../stage-timings";
import { Suspect } from "../suspects";
import { decodingName } from "../values/decoding";
import { fieldLabel } from "../values/field-label";
import { Reason, reasonRow, Verdict } from "../verdict";

const MAX_TEXT_BYTES = 256;
const ABSENT = bytes("absent");
const VALID = bytes("valid");
const NONE = new Uint8Array(0);

/** An encoded record that waits for its acknowledgement. */
export class CompletedRecord {
  constructor(
    public readonly sequence: u64,
    public readonly policyDigest: Uint8Array,
    public readonly encoded: Uint8Array,
  ) {}
}

/** `postern.v1.DecisionRecord`: what was decided and why, without any value of the request. */
export function encodeRecord(
  sequence: u64,
  decisionId: Uint8Array,
  arrivedMillis: i64,
  evaluation: Evaluation,
  verdict: Verdict,
  responseStatus: u32,
  responseBytes: u64,
): CompletedRecord {
  const writer = new ProtobufWriter(384);
  const subject = evaluation.authentication.subject;
  const issuer = subject.issuer;
  const evidence = evaluation.evidence;
  writer
    .uint(1, sequence)
    .bytes(2, decisionId)
    .uint(3, <u64>arrivedMillis);
  writer.bytes(4, cut(evaluation.request.method));
  const route = evaluation.route;
  if (route !== null) writer.bytes(5, cut(route.name));
  writer.uint(6, evaluation.rung).uint(7, verdict.effect);
  writer.bytes(8, reasonRow(verdict.reason).code).bytes(9, codeOf(verdict.wouldDeny));
  if (issuer !== null) writer.bytes(10, cut(issuer.name)).bytes(11, cut(subject.subject));
  writer.bytes(12, cut(subject.workload));
  if (route !== null && evaluation.grant >= 0) writer.bytes(13, grantName(route.name, evaluation.grant));
  writer.bytes(14, tokenName(evaluation.authentication.token));
  writer.uint(15, evidence.scoredBy).uint(16, evidence.millionths).uint(17, evidence.attackClass);
  const finding = evidence.finding;
  if (finding !== null) writer.element(18, encodeFinding(finding));
  writer.bytes(19, codeOf(evidence.uninspected));
  writer.uint(20, responseStatus).uint(21, responseBytes);
  writer.element(22, encodeTimings(evaluation.timings));
  return new CompletedRecord(sequence, evaluation.policy.digest, writer.finish());
}

function encodeFinding(finding: Suspect): Uint8Array {
  const value = finding.value;
  const writer = new ProtobufWriter(64);
  const origin = finding.origin;
  writer.bytes(1, fieldLabel(value)).uint(2, origin.start).uint(3, origin.end);
  for (let i = 0; i < value.steps[finding.form]; i++) writer.element(4, decodingName(value.decodings[i]));
  return writer.finish();
}

function encodeTimings(timings: StageTimings): Uint8Array {
  const writer = new ProtobufWriter(32);
  writer.uint(1, timings.request).uint(2, timings.identity).uint(3, timings.policy);
  writer.uint(4, timings.values).uint(5, timings.screen).uint(6, timings.inference);
  return writer.finish();
}

function codeOf(reason: Reason): Uint8Array {
  return reason == Reason.Permitted ? NONE : reasonRow(reason).code;
}

function tokenName(outcome: TokenOutcome): Uint8Array {
  if (outcome == TokenOutcome.ABSENT) return ABSENT;
  if (outcome == TokenOutcome.VALID) return VALID;
  return reasonRow(<Reason>(Reason.TokenMalformed + (outcome - TokenOutcome.MALFORMED))).code;
}

/** `<route>/<index>`. */
function grantName(route: Uint8Array, grant: i32): Uint8Array {
  const suffix = bytes(`/${grant}`);
  const head = cut(route);
  const name = new Uint8Array(head.length + suffix.length);
  name.set(head);
  name.set(suffix, head.length);
  return name;
}

function cut(text: Uint8Array): Uint8Array {
  return text.length <= MAX_TEXT_BYTES ? text : text.subarray(0, MAX_TEXT_BYTES);
}
