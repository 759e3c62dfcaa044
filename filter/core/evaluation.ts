import { HeaderMap } from "proxy-wasm-as/header-map";
import { Evaluation, Step } from "../evaluate";
import { Inquiry } from "../identity/inquiry";
import { PeerCertificate } from "../identity/peer-certificate";
import { ModelScore } from "../score-evidence";
import { SyncState } from "../sync/sync-state";
import { writeEnforcement } from "./enforcement-message";
import { Connection, CoreEnvironment } from "./environment";
import { writeEvaluation } from "./evaluation-message";
import { findGate } from "./gate";
import { MessageReader, MessageWriter } from "./message";
import { signAtOnce } from "./sign-assertion";

const BODY_WHOLE: u32 = 0;
const BODY_MISSING: u32 = 1;
const BODY_CUT: u32 = 2;

/** Those that wait for the model. */
const open: Map<u32, Evaluation> = new Map();
let asked: u32 = 0;
/** What was evaluated last, and whether it waits for the model. */
let last: Evaluation | null = null;
let lastAsks: bool = false;

/**
 * u32 whether a peer certificate was presented, its URI, its SHA-256, `address:port` of the connection's other end, header
 * pairs as the proxy-wasm host serializes them, body, u32 how much of it that is (0: all, 1: there is one that was not kept,
 * 2: it goes on) → the evaluation. Not `live`: it is judged as if alone, and no assertion is signed.
 */
export function evaluate(handle: u32, atMillis: f64, live: bool, message: Uint8Array): Uint8Array {
  const gate = findGate(handle);
  if (gate === null) return new Uint8Array(0);
  const reader = new MessageReader(message);
  const peer = new PeerCertificate(reader.u32() != 0, reader.bytes());
  const peerDigest = reader.bytes();
  const connection = new Connection(reader.bytes(), peerDigest);
  const headers = HeaderMap.decode(reader.bytes());
  const body = reader.bytes();
  const kept = reader.u32();
  const environment = new CoreEnvironment(<i64>atMillis, live, gate.secrets, connection);
  const evaluation = new Evaluation(
    gate.policy,
    environment,
    gate.tokens,
    gate.assertions,
    headers,
    peer,
    new Inquiry(),
    SyncState.NONE,
  );
  const assertion = evaluation.assertion;
  if (live && assertion !== null) {
    signAtOnce(assertion);
    evaluation.settleAssertion();
  }
  let step = evaluation.begin(body.length > 0 || kept == BODY_MISSING);
  if (step == Step.Body) {
    const limit = evaluation.bodyLimit;
    const isKept = kept == BODY_WHOLE || (kept == BODY_CUT && body.length > limit);
    step = isKept ? evaluation.takeBody(body.subarray(0, limit), body.length > limit) : evaluation.bodyNotKept();
  }
  return settle(evaluation, step, ++asked);
}

/**
 * For each window of the question u32 score in millionths, attack class, surprisal and the usual one; without any: the model
 * is unavailable.
 */
export function answerQuestion(question: u32, message: Uint8Array): Uint8Array {
  if (!open.has(question)) return new Uint8Array(0);
  const evaluation = open.get(question);
  const count = message.length / 16;
  if (count == 0) return settle(evaluation, evaluation.modelUnavailable(), question);
  const reader = new MessageReader(message);
  const scores: ModelScore[] = [];
  for (let i = 0; i < count; i++) scores.push(new ModelScore(reader.u32(), reader.u32(), reader.u32(), reader.u32()));
  return settle(evaluation, evaluation.takeScores(scores), question);
}

/**
 * What a gate does about what was evaluated last, by the verdict so far. `decision`: its id in hexadecimal; `encrypted`: the
 * connection is. Empty: nothing was evaluated.
 */
export function enforcement(arrivedMillis: f64, encrypted: bool, decision: Uint8Array): Uint8Array {
  const evaluation = last;
  if (evaluation === null) return new Uint8Array(0);
  const verdict = lastAsks ? evaluation.accessVerdict() : evaluation.verdict();
  const writer = new MessageWriter();
  writeEnforcement(writer, evaluation, verdict, decision, <i64>arrivedMillis, encrypted);
  return writer.finish();
}

function settle(evaluation: Evaluation, step: Step, question: u32): Uint8Array {
  const asks = step == Step.Model;
  last = evaluation;
  lastAsks = asks;
  if (asks) open.set(question, evaluation);
  else open.delete(question);
  const writer = new MessageWriter();
  writer.u32(asks ? question : 0);
  writeEvaluation(writer, evaluation, asks);
  return writer.finish();
}
