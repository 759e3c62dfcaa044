import {
  BufferType,
  bytes,
  continueRequest,
  DataStatus,
  getBuffer,
  getHeader,
  getRequestHeaders,
  getRequestTrailers,
  HeadersStatus,
  HttpContext,
  MapType,
  removeHeader,
  replaceHeader,
  Status,
  setEffectiveContext,
  TrailersStatus,
} from "proxy-wasm-as";
import { BodyCopy } from "./enforcement/body-copy";
import { giveIdentity } from "./enforcement/identity-headers";
import { peerCertificate } from "./enforcement/peer";
import { sendDenial } from "./enforcement/reply";
import { Evaluation } from "./evaluate";
import { Gate } from "./gate";
import { spoofedNames } from "./hygiene/stripped";
import { askModel, ScoreListener } from "./inference/score-call";
import { ScoreResponse } from "./inference/score-message";
import { Decision } from "./report/decision";
import { Reporter } from "./report/reporter";
import { bundleDigest } from "./screen/screen";
import { Effect, Reason, Verdict } from "./verdict";

const DECISION_HEADER = bytes("x-postern-decision");
const STATUS = bytes(":status");

/** Where a stream stands. */
const enum Phase {
  Head,
  /** The body is wanted: held back from `prevent` up, copied below it. */
  Body,
  /** Held until the model answers. */
  Asking,
  Forwarded,
  Denied,
}

/** One stream: pause, resume, reply. What is decided, and why, is the evaluation's. */
export class PosternHttpContext extends HttpContext implements ScoreListener {
  private phase: Phase = Phase.Head;
  private decision: Decision | null = null;
  private copy: BodyCopy | null = null;
  private askedMicros: i64 = 0;

  constructor(
    contextId: u32,
    private readonly gate: Gate,
    private readonly reporter: Reporter,
  ) {
    super(contextId);
  }

  onRequestHeaders(_count: i32, endOfStream: bool): HeadersStatus {
    const gate = this.gate;
    const headers = getRequestHeaders();
    const evaluation = new Evaluation(
      gate.policy,
      gate.environment,
      gate.tokens,
      headers,
      peerCertificate(gate.policy),
    );
    const decision = new Decision(evaluation, gate, this.reporter, gate.environment.nowMillis());
    this.decision = decision;
    const spoofed = spoofedNames(headers, gate.policy);
    for (let i = 0; i < spoofed.length; i++) removeHeader(MapType.RequestHeaders, spoofed[i]);
    if (evaluation.accessVerdict().effect == Effect.Deny) {
      this.conclude(decision);
      return HeadersStatus.StopIteration;
    }
    giveIdentity(evaluation.authentication.subject, gate.policy);
    if (evaluation.wantsScore) evaluation.inspectHead();
    if (evaluation.wantsBody && !endOfStream) {
      this.phase = Phase.Body;
      if (evaluation.holds) return HeadersStatus.StopIteration;
      this.copy = new BodyCopy(evaluation.bodyLimit);
      decision.publish(evaluation.accessVerdict());
      return HeadersStatus.Continue;
    }
    return this.inspected(decision) ? HeadersStatus.Continue : HeadersStatus.StopIteration;
  }

  onRequestBody(size: i32, endOfStream: bool): DataStatus {
    const decision = this.decision;
    if (this.phase == Phase.Asking || this.phase == Phase.Denied) return DataStatus.StopIterationAndWatermark;
    if (this.phase != Phase.Body || decision === null) return DataStatus.Continue;
    if (!decision.evaluation.holds) {
      this.copyChunk(size);
      if (endOfStream) this.copied(decision);
      return DataStatus.Continue;
    }
    if (size > decision.evaluation.bodyLimit) decision.evaluation.bodyTooLarge(heldBody(decision.evaluation.bodyLimit));
    else if (!endOfStream) return DataStatus.StopIterationAndBuffer;
    else decision.evaluation.inspectBody(heldBody(size));
    return this.inspected(decision) ? DataStatus.Continue : DataStatus.StopIterationAndWatermark;
  }

  onRequestTrailers(_count: i32): TrailersStatus {
    const spoofed = spoofedNames(getRequestTrailers(), this.gate.policy);
    for (let i = 0; i < spoofed.length; i++) removeHeader(MapType.RequestTrailers, spoofed[i]);
    const decision = this.decision;
    if (this.phase == Phase.Asking || this.phase == Phase.Denied) return TrailersStatus.StopIteration;
    if (this.phase != Phase.Body || decision === null) return TrailersStatus.Continue;
    if (!decision.evaluation.holds) {
      this.copied(decision);
      return TrailersStatus.Continue;
    }
    decision.evaluation.inspectBody(heldBody(decision.evaluation.bodyLimit));
    return this.inspected(decision) ? TrailersStatus.Continue : TrailersStatus.StopIteration;
  }

  onResponseHeaders(_count: i32, _endOfStream: bool): HeadersStatus {
    const decision = this.decision;
    if (decision === null) return HeadersStatus.Continue;
    const status = getHeader(MapType.ResponseHeaders, STATUS);
    if (status !== null) decision.respond(status);
    replaceHeader(MapType.ResponseHeaders, DECISION_HEADER, decision.hex);
    return HeadersStatus.Continue;
  }

  onResponseBody(size: i32, _endOfStream: bool): DataStatus {
    const decision = this.decision;
    if (decision !== null) decision.addResponseBytes(size);
    return DataStatus.Continue;
  }

  onLog(): void {
    const decision = this.decision;
    if (decision === null) return;
    const neverWhole = this.phase == Phase.Asking || this.phase == Phase.Body;
    if (neverWhole && decision.evaluation.holds) {
      decision.make(new Verdict(Effect.Deny, Reason.RequestIncomplete, Reason.Permitted));
    } else if (this.phase == Phase.Body) {
      this.copied(decision);
    }
    decision.endStream();
  }

  /** The model's answer, or null where there will be none. Runs on the root context, perhaps after the stream. */
  onScore(response: ScoreResponse | null): void {
    const decision = this.decision;
    if (decision === null || decision.isMade) return;
    const evaluation = decision.evaluation;
    evaluation.timings.inference = <u32>(this.gate.environment.monotonicMicros() - this.askedMicros);
    if (response === null) evaluation.modelUnavailable();
    else if (!evaluation.takeScores(response.millionths, response.classes) && this.ask(evaluation)) return;
    if (!evaluation.holds) {
      decision.make(evaluation.verdict());
      return;
    }
    if (setEffectiveContext(this.contextId) != Status.Ok) return;
    if (this.conclude(decision)) continueRequest();
  }

  /** All that is wanted has been seen. True: the stream goes on; false: it waits or was answered. */
  private inspected(decision: Decision): bool {
    const evaluation = decision.evaluation;
    if (!evaluation.wantsScore || !evaluation.needsModel()) return this.conclude(decision);
    this.askedMicros = this.gate.environment.monotonicMicros();
    evaluation.nextQuestion();
    if (!this.ask(evaluation)) return this.conclude(decision);
    if (evaluation.holds) {
      this.phase = Phase.Asking;
      return false;
    }
    decision.publish(evaluation.accessVerdict());
    this.phase = Phase.Forwarded;
    return true;
  }

  /** Asks the model the evaluation's next question, within what is left of the deadline. False: nobody will answer. */
  private ask(evaluation: Evaluation): bool {
    const environment = this.gate.environment;
    const spentMillis = (environment.monotonicMicros() - this.askedMicros) / 1000;
    const leftMillis = <i64>evaluation.deadlineMillis - spentMillis;
    if (leftMillis > 0) {
      const deadline = <u32>leftMillis;
      if (askModel(evaluation.question, bundleDigest(), deadline, environment.nowMillis(), this)) return true;
    }
    evaluation.modelUnavailable();
    return false;
  }

  /** Makes the decision and enforces it. True: the stream goes on. */
  private conclude(decision: Decision): bool {
    const verdict = decision.evaluation.verdict();
    decision.make(verdict);
    decision.publish(verdict);
    if (verdict.effect == Effect.Permit) {
      this.phase = Phase.Forwarded;
      return true;
    }
    this.phase = Phase.Denied;
    sendDenial(verdict.reason, decision.hex);
    return false;
  }

  private copyChunk(size: i32): void {
    const copy = this.copy;
    if (copy === null || size == 0) return;
    const room = copy.room;
    if (room > 0) copy.add(getBuffer(BufferType.RequestBody, 0, min(size, room)));
    if (size > room) copy.overflowed = true;
  }

  /** The whole body has streamed by: judged without holding anything back. */
  private copied(decision: Decision): void {
    const copy = this.copy;
    this.copy = null;
    if (copy === null) return;
    if (copy.overflowed) decision.evaluation.bodyTooLarge(copy.joined());
    else decision.evaluation.inspectBody(copy.joined());
    this.inspected(decision);
  }
}

function heldBody(limit: i32): Uint8Array {
  return getBuffer(BufferType.RequestBody, 0, limit);
}
