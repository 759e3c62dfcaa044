import {
  continueRequest,
  DataStatus,
  getRequestHeaders,
  getRequestTrailers,
  HeaderMap,
  HeadersStatus,
  HttpContext,
  MapType,
  removeHeader,
  Status,
  setEffectiveContext,
  TrailersStatus,
} from "proxy-wasm-as";
import { BodyCopy } from "./enforcement/body-copy";
import { keepUpgradeAlone } from "./enforcement/connection-options";
import { HeldBody } from "./enforcement/held-body";
import { giveIdentity } from "./enforcement/identity-headers";
import { isEncrypted } from "./enforcement/peer";
import { sendDenial } from "./enforcement/reply";
import { markResponse, responseStatus } from "./enforcement/response-headers";
import { answerProbe } from "./enforcement/self-test-reply";
import { BoundStream, StreamDeadline } from "./enforcement/stream-deadline";
import { Evaluation, Step } from "./evaluate";
import { Gate } from "./gate";
import { spoofedNames } from "./hygiene/stripped";
import { Inquiry } from "./identity/inquiry";
import { isRevoked } from "./identity/revocation";
import { askModel, ScoreListener } from "./inference/score-call";
import { ScoreResponse } from "./inference/score-message";
import { inquire } from "./inquiry/inquire";
import { InquiryListener } from "./inquiry/inquiry-listener";
import { askToSign } from "./inquiry/sign-call";
import { RevocationList } from "./policy/revocation-list";
import { Decision } from "./report/decision";
import { Reporter, ReportListener } from "./report/reporter";
import { bundleDigest } from "./screen/screen";
import { isProbe } from "./self-test/mark";
import { Effect, Reason, Verdict } from "./verdict";

/** Where a stream stands. */
const enum Phase {
  Head,
  /** Held until the sidecar has said what must be known before anything is judged. */
  Inquiring,
  /** The body is wanted: held back from `prevent` up, below it copied. */
  Body,
  /** Held until the model answers. */
  Asking,
  /** Permitted, and held until its record is on the disk. */
  Recording,
  Forwarded,
  Denied,
}

/** One stream: pause, resume, reply. What is decided, and why, is the evaluation's. */
export class PosternHttpContext
  extends HttpContext
  implements InquiryListener, ScoreListener, ReportListener, BoundStream
{
  private phase: Phase = Phase.Head;
  private decision: Decision | null = null;
  private hasBody: bool = false;
  private readonly held: HeldBody = new HeldBody();
  private isProbe: bool = false;
  /** Nothing of the request is still to come. */
  private isWhole: bool = false;
  /** What came behind the body; null: nothing yet. */
  private trailers: HeaderMap | null = null;
  /** Of a body that is not held back, or that came while the sidecar was asked. */
  private copy: BodyCopy | null = null;
  /** When what the stream was opened with expires, token or certificate; null: nothing ends the stream. */
  private deadline: StreamDeadline | null = null;

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
    this.isProbe = isProbe(headers, gate.synchronisation.state.selfTestKey, gate.environment);
    const evaluation = this.evaluate(headers, new Inquiry());
    const decision = new Decision(evaluation, gate, this.reporter, gate.environment.nowMillis(), isEncrypted(headers));
    this.decision = decision;
    this.hasBody = !endOfStream;
    this.isWhole = endOfStream;
    const spoofed = spoofedNames(headers, gate.policy, evaluation.authentication.isForwarded, evaluation.request.roles);
    for (let i = 0; i < spoofed.length; i++) removeHeader(MapType.RequestHeaders, spoofed[i]);
    keepUpgradeAlone(evaluation.request);
    return this.judge(decision) ? HeadersStatus.Continue : HeadersStatus.StopIteration;
  }

  onRequestBody(size: i32, endOfStream: bool): DataStatus {
    const decision = this.decision;
    if (endOfStream) this.isWhole = true;
    if (this.isHeld) return DataStatus.StopIterationAndWatermark;
    if (decision === null) return DataStatus.Continue;
    const evaluation = decision.evaluation;
    if (this.phase == Phase.Inquiring) return this.keep(evaluation, size);
    if (this.phase != Phase.Body) return DataStatus.Continue;
    if (this.copy !== null) {
      this.copyChunk(evaluation, size);
      return this.followCopy(decision) ? DataStatus.Continue : DataStatus.StopIterationAndWatermark;
    }
    const tooLarge = size > evaluation.bodyLimit;
    const hasRoom = this.held.growTo(size);
    if (hasRoom && !tooLarge && !endOfStream) {
      const inspection = evaluation.inspection;
      if (inspection.wantsBeginning(size)) inspection.takeBeginning(this.held.beginning(size));
      return DataStatus.StopIterationAndBuffer;
    }
    const step = hasRoom
      ? evaluation.takeBody(this.held.beginning(evaluation.bodyLimit), tooLarge)
      : evaluation.bodyNotKept();
    return this.follow(decision, step) ? DataStatus.Continue : DataStatus.StopIterationAndWatermark;
  }

  onRequestTrailers(_count: i32): TrailersStatus {
    const trailers = getRequestTrailers();
    const spoofed = spoofedNames(trailers, this.gate.policy, false, u32.MAX_VALUE);
    for (let i = 0; i < spoofed.length; i++) removeHeader(MapType.RequestTrailers, spoofed[i]);
    const decision = this.decision;
    this.isWhole = true;
    this.trailers = trailers;
    if (this.isHeld || this.phase == Phase.Inquiring) return TrailersStatus.StopIteration;
    if (this.phase != Phase.Body || decision === null) return TrailersStatus.Continue;
    if (this.copy !== null) return this.followCopy(decision) ? TrailersStatus.Continue : TrailersStatus.StopIteration;
    return this.takeHeld(decision) ? TrailersStatus.Continue : TrailersStatus.StopIteration;
  }

  onResponseHeaders(_count: i32, _endOfStream: bool): HeadersStatus {
    const decision = this.decision;
    if (decision === null) return HeadersStatus.Continue;
    const undecided = this.leftUndecided(decision);
    if (undecided !== null) {
      // Envoy answers by itself.
      this.make(decision, undecided);
      decision.publish(undecided);
      this.phase = Phase.Denied;
    }
    decision.status = responseStatus();
    if (this.phase != Phase.Denied) decision.evaluation.answered(decision.status);
    markResponse(decision.hex, decision.evaluation.authentication.nonce);
    return HeadersStatus.Continue;
  }

  onResponseBody(size: i32, _endOfStream: bool): DataStatus {
    const decision = this.decision;
    if (decision !== null) decision.addResponseBytes(size);
    return DataStatus.Continue;
  }

  /** The stream is over. Nothing else is asked of the host any more, so that this one callback is enough for it. */
  onDelete(): void {
    const decision = this.decision;
    const deadline = this.deadline;
    if (deadline !== null) deadline.cancel();
    if (decision === null) return;
    const undecided = this.leftUndecided(decision);
    if (undecided !== null) this.make(decision, undecided);
    else if (this.phase == Phase.Body) this.copied(decision);
    decision.endStream();
  }

  /** What becomes of a request of which nothing more will come; null: it is decided, or by what was copied of it. */
  private leftUndecided(decision: Decision): Verdict | null {
    const isHeld = (this.phase == Phase.Asking || this.phase == Phase.Body) && decision.evaluation.holds;
    return isHeld || this.phase == Phase.Inquiring ? decision.evaluation.cutShort() : null;
  }

  /** What was asked before anything was judged is answered, or will not be. Runs on the root context. */
  onInquiryAnswered(): void {
    const decision = this.decision;
    if (this.phase != Phase.Inquiring || decision === null) return;
    if (setEffectiveContext(this.contextId) != Status.Ok) return;
    const asked = decision.evaluation;
    // The assertion comes after all that is judged.
    const isJudged = asked.assertion !== null;
    if (!isJudged) decision.evaluation = this.evaluate(asked.request.headers, asked.inquiry);
    if (isJudged && this.isRevokedMeanwhile(asked)) this.end(Reason.TokenRevoked);
    else if (this.judge(decision)) continueRequest();
  }

  /** The model's answer, or null where there will be none. Runs on the root context, perhaps after the stream. */
  onScore(response: ScoreResponse | null): void {
    const decision = this.decision;
    if (decision === null || decision.isMade) return;
    const evaluation = decision.evaluation;
    const step = response === null ? evaluation.modelUnavailable() : evaluation.takeScores(response.scores);
    if (step == Step.Model && this.ask(evaluation)) return;
    if (!evaluation.holds) {
      this.make(decision, evaluation.verdict());
      return;
    }
    if (setEffectiveContext(this.contextId) != Status.Ok) return;
    if (this.conclude(decision)) continueRequest();
  }

  /** The record of a permitted request is on the disk, or can't be put there. Runs on the root context. */
  onRecorded(acknowledged: bool): void {
    const decision = this.decision;
    if (this.phase != Phase.Recording || decision === null) return;
    if (setEffectiveContext(this.contextId) != Status.Ok) return;
    this.phase = acknowledged ? Phase.Forwarded : Phase.Denied;
    if (acknowledged) {
      continueRequest();
      return;
    }
    decision.endEarly(Reason.LogUnavailable);
    sendDenial(decision.evaluation, Reason.LogUnavailable, decision.hex);
  }

  onDeadline(): void {
    const decision = this.decision;
    if (decision !== null) this.end(decision.evaluation.lapse);
  }

  isRevokedBy(list: RevocationList): bool {
    const decision = this.decision;
    if (decision === null) return false;
    const verified = decision.evaluation.authentication.verified;
    return verified !== null && isRevoked(verified, list);
  }

  /** While it waits the stream is not among those that a list ends. */
  private isRevokedMeanwhile(evaluation: Evaluation): bool {
    this.gate.takeState();
    return evaluation.acceptedUntilMillis > 0 && this.isRevokedBy(this.gate.policy.revocations);
  }

  onRevoked(): void {
    this.end(Reason.TokenRevoked);
  }

  /** Token or certificate is no longer good: a request that waits is denied; a response that has not begun is 401, one that has is cut. */
  private end(reason: Reason): void {
    const decision = this.decision;
    if (decision === null || this.phase == Phase.Denied) return;
    if (setEffectiveContext(this.contextId) != Status.Ok) return;
    if (decision.evaluation.holds && !decision.isMade) {
      const verdict = new Verdict(Effect.Deny, reason, Reason.Permitted);
      this.make(decision, verdict);
      decision.publish(verdict);
    } else {
      if (this.phase == Phase.Body) this.copied(decision);
      decision.endEarly(reason);
    }
    this.phase = Phase.Denied;
    sendDenial(decision.evaluation, reason, decision.hex);
  }

  /** Nothing more of the request is wanted, and nothing of it may move. */
  private get isHeld(): bool {
    return this.phase == Phase.Asking || this.phase == Phase.Recording || this.phase == Phase.Denied;
  }

  private evaluate(headers: HeaderMap, inquiry: Inquiry): Evaluation {
    const evaluation = this.gate.evaluate(headers, inquiry);
    evaluation.isProbe = this.isProbe;
    return evaluation;
  }

  /** Asks the sidecar first where it must, else begins. True: the stream goes on; false: it waits or was answered. */
  private judge(decision: Decision): bool {
    let evaluation = decision.evaluation;
    while (evaluation.inquiry.isOpen) {
      if (inquire(evaluation.inquiry, this.gate, this)) return this.wait();
      // The sidecar can't be asked: judged by that.
      evaluation = this.evaluate(evaluation.request.headers, evaluation.inquiry);
      decision.evaluation = evaluation;
    }
    const assertion = evaluation.assertion;
    if (assertion !== null && askToSign(assertion, this.gate.environment.nowMillis(), this)) return this.wait();
    evaluation.settleAssertion();
    if (evaluation.isAdmitted) {
      const until = evaluation.acceptedUntilMillis;
      if (until > 0) this.deadline = new StreamDeadline(this, until);
      giveIdentity(evaluation);
    }
    return this.follow(decision, evaluation.begin(this.hasBody));
  }

  /** For the sidecar. False: the stream does not go on. */
  private wait(): bool {
    this.phase = Phase.Inquiring;
    return false;
  }

  /**
   * What comes of the body while the sidecar is asked is held, if it is wanted; a copy is kept of what is too much for that,
   * and where nothing may be denied: Envoy answers 413 to what it can't hold.
   */
  private keep(evaluation: Evaluation, size: i32): DataStatus {
    if (!evaluation.wantsBody) return DataStatus.StopIterationAndWatermark;
    const isHeld = evaluation.holds && this.copy === null && this.held.growTo(size) && size <= evaluation.bodyLimit;
    if (isHeld) return DataStatus.StopIterationAndBuffer;
    this.copyChunk(evaluation, size);
    return DataStatus.StopIterationAndWatermark;
  }

  /** Does as the evaluation's step says. True: the stream goes on; false: it waits or was answered. */
  private follow(decision: Decision, step: Step): bool {
    const evaluation = decision.evaluation;
    if (step == Step.Decided || (step == Step.Model && !this.ask(evaluation))) return this.conclude(decision);
    if (!evaluation.holds) decision.publish(evaluation.accessVerdict());
    if (step == Step.Model) {
      this.phase = evaluation.holds ? Phase.Asking : Phase.Forwarded;
      return !evaluation.holds;
    }
    this.phase = Phase.Body;
    if (this.copy === null && evaluation.holds) return this.isWhole && this.takeHeld(decision);
    if (this.copy === null) this.copyChunk(evaluation, this.held.size);
    return this.followCopy(decision);
  }

  /** Judges by what is held of the body, all of it, and what came behind it; as `follow`. */
  private takeHeld(decision: Decision): bool {
    const evaluation = decision.evaluation;
    const trailers = this.trailers;
    if (trailers !== null) evaluation.inspection.takeFields(trailers, []);
    return this.follow(decision, evaluation.takeBody(this.held.beginning(evaluation.bodyLimit), false));
  }

  /** Judges what was copied once it is all that is wanted. True: the stream goes on; false: it waits or was answered. */
  private followCopy(decision: Decision): bool {
    const copy = this.copy;
    const holds = decision.evaluation.holds;
    if (copy !== null && (this.isWhole || (holds && copy.overflowed))) return this.copied(decision) || !holds;
    return !holds;
  }

  /** Asks the model the evaluation's question. False: nobody will answer. */
  private ask(evaluation: Evaluation): bool {
    const now = this.gate.environment.nowMillis();
    if (askModel(evaluation.question, bundleDigest(), evaluation.deadlineMillis, now, evaluation.holds, this))
      return true;
    evaluation.modelUnavailable();
    return false;
  }

  /** Makes the decision and enforces it. True: the stream goes on. */
  private conclude(decision: Decision): bool {
    const verdict = decision.evaluation.verdict();
    this.make(decision, verdict);
    decision.publish(verdict);
    if (decision.evaluation.isProbe) {
      this.phase = Phase.Denied;
      answerProbe(decision.evaluation, verdict, decision.hex);
      return false;
    }
    if (verdict.effect == Effect.Deny) {
      this.phase = Phase.Denied;
      sendDenial(decision.evaluation, verdict.reason, decision.hex);
      return false;
    }
    if (decision.evaluation.mustBeRecorded) {
      this.phase = Phase.Recording;
      decision.awaitRecord(this);
      return false;
    }
    this.phase = Phase.Forwarded;
    return true;
  }

  private copyChunk(evaluation: Evaluation, size: i32): void {
    let copy = this.copy;
    if (copy === null) copy = new BodyCopy(evaluation.bodyLimit);
    this.copy = copy;
    if (size > 0) copy.takeChunk(size);
  }

  /** Judges by what was copied of the body; as `follow`. */
  private copied(decision: Decision): bool {
    const copy = this.copy;
    if (copy === null) return true;
    const evaluation = decision.evaluation;
    const trailers = this.trailers;
    if (trailers !== null) evaluation.inspection.takeFields(trailers, []);
    const refused = copy.refused;
    return this.follow(
      decision,
      refused ? evaluation.bodyNotKept() : evaluation.takeBody(copy.content(), copy.overflowed),
    );
  }

  /** Nothing is looked at any more once the decision is made. */
  private make(decision: Decision, verdict: Verdict): void {
    decision.make(verdict);
    this.held.release();
    const copy = this.copy;
    this.copy = null;
    if (copy !== null) copy.release();
  }
}
