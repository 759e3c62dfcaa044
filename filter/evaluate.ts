import { bytes } from "proxy-wasm-as/bytes";
import { HeaderMap } from "proxy-wasm-as/header-map";
import { firstOf, isUpToGrants, judgePrivilege, pathReason, routeReason } from "./access";
import { Environment } from "./environment";
import { inspectHeaders } from "./hygiene/headers";
import { inspectPath } from "./hygiene/path";
import { ApiKeyOutcome } from "./identity/api-key";
import { Assertion } from "./identity/assertion";
import { AssertionCache } from "./identity/assertion-cache";
import { Authentication, authenticate } from "./identity/authenticate";
import { Inquiry } from "./identity/inquiry";
import { PeerCertificate } from "./identity/peer-certificate";
import { TokenCache } from "./identity/token-cache";
import { Inspection } from "./inspection";
import { isBadToken } from "./limits/failure";
import { FloodGuard } from "./limits/flood-guard";
import { BOUND_BY_CERTIFICATE, NONE } from "./policy/blob-layout";
import { Circumstances } from "./policy/circumstances";
import { CompiledPolicy } from "./policy/compiled-policy";
import { GrantEffect, GrantFinding, judgeGrants, namesWorkload } from "./policy/grant";
import { matchRoute } from "./policy/match";
import { Route } from "./policy/route";
import { stepUpFrom } from "./policy/step-up";
import { AccessRequest } from "./request";
import { ModelScore, ScoredBy, ScoreEvidence } from "./score-evidence";
import { clearBelow, denyAloneFrom, modelDenyFrom } from "./screen/screen";
import { StageTimings } from "./stage-timings";
import { Suspect } from "./suspects";
import { standingOf } from "./sync/standing";
import { SyncState } from "./sync/sync-state";
import { decide, judgeRisk, judgeScore } from "./trust-algorithm";
import { Effect, Reason, Rung, reasonRow, Verdict } from "./verdict";

const UNHURRIED_MILLIS: u32 = 1_000;
const AUTHORIZATION = bytes("authorization");
const NOTHING_ASKED: Suspect[] = [];
const SCORE_OFF: u8 = 0;
const SCORE_FULL: u8 = 2;

/** What an evaluation wants next. */
export const enum Step {
  /** Nothing: its verdict is final. */
  Decided,
  /** The body, by `takeBody`. */
  Body,
  /** The model's answer to `question` within `deadlineMillis`, by `takeScores` or `modelUnavailable`. */
  Model,
}

/**
 * One request on its way through the stages, in their order. The constructor runs stages 1 to 3 (request, identity,
 * policy); where its `inquiry` is left open, the sidecar must be asked and the request be judged anew with the same inquiry.
 * `begin` and `takeBody` run 4 and 5 (values, screen); stage 6 is the caller's, who brings the model's answer;
 * `verdict` is stage 7 on what is known by then. Each gives what is wanted next, until that is nothing.
 */
export class Evaluation {
  readonly request: AccessRequest;
  readonly authentication: Authentication;
  readonly route: Route | null;
  /** The rung on which the request stands: its route's, or the policy's where no route matches. */
  readonly rung: Rung;
  /** The first finding of hygiene, identity and privilege. */
  access: Reason;
  /** What the route has the upstream told in a signed form; null: nothing. */
  readonly assertion: Assertion | null;
  /** What the route's grants say, where it was for them to decide. */
  readonly grants: GrantFinding;
  readonly evidence: ScoreEvidence;
  readonly inspection: Inspection;
  readonly timings: StageTimings;
  readonly flood: FloodGuard;
  /** What the model is to be asked, or was asked last. */
  question: Suspect[] = NOTHING_ASKED;
  /** How long the model may take for the question. */
  deadlineMillis: u32 = 0;
  /** A probe of the self-test: every stage runs, whatever those before it have found. */
  isProbe: bool = false;
  private askedMicros: i64 = 0;

  constructor(
    public readonly policy: CompiledPolicy,
    private readonly environment: Environment,
    tokens: TokenCache,
    assertions: AssertionCache,
    headers: HeaderMap,
    peer: PeerCertificate,
    public readonly inquiry: Inquiry,
    state: SyncState,
  ) {
    const start = environment.monotonicMicros();
    const request = new AccessRequest(headers);
    const hygiene = inspectHeaders(request, policy);
    const requestDone = environment.monotonicMicros();
    const flood = new FloodGuard(policy.limits, environment, headers);
    const limited = flood.isAddressLimited();
    const identified = authenticate(headers, policy, peer, environment, tokens, inquiry, limited);
    const identityDone = environment.monotonicMicros();
    const index = matchRoute(policy, request.host, request.method, request.path);
    const route: Route | null = index < 0 ? null : policy.route(index);
    const authentication =
      route === null ? identified : identified.requiring(route.senderConstraint, !route.openWhenStale);
    const trap = inspectPath(policy, request.host, request.method, request.path, index);
    const asked = new Circumstances(authentication.subject, headers, environment);
    const grants = route === null ? GrantFinding.none() : judgeGrants(policy, route, asked);
    const timings = new StageTimings();
    timings.request = <u32>(requestDone - start);
    timings.identity = <u32>(identityDone - requestDone);
    timings.policy = <u32>(environment.monotonicMicros() - identityDone);

    this.timings = timings;
    this.flood = flood;
    this.request = request;
    this.authentication = authentication;
    this.route = route;
    const standing = standingOf(policy, route, authentication.subject, state);
    this.rung = standing.rung;
    const privilege = judgePrivilege(route, authentication, grants.effect, asked, flood, limited);
    const access = firstOf(hygiene, pathReason(trap), routeReason(index), privilege);
    const form = route !== null && route.wantsAssertion && access == Reason.Permitted ? policy.assertion : null;
    this.access = access;
    this.grants = isUpToGrants(access) ? grants : GrantFinding.none();
    this.assertion =
      form === null ? null : new Assertion(form, authentication.subject, assertions, environment.nowMillis());
    const evidence = new ScoreEvidence(
      modelDenyFrom(standing.modelDeny, route === null ? NONE : route.modelDeny),
      denyAloneFrom(route === null ? NONE : route.denyAlone),
      stepUpFrom(route, asked),
    );
    this.evidence = evidence;
    this.inspection = new Inspection(request, route, environment, evidence, timings);
  }

  /** Whether the route asks for a score at all. */
  get wantsScore(): bool {
    const route = this.route;
    return route !== null && route.score != SCORE_OFF;
  }

  /** Whether the request must not move before its score is judged: it may be denied for it, or the record must have it. */
  get holds(): bool {
    return this.isProbe || this.rung >= Rung.Prevent || this.mustBeRecorded;
  }

  /** Names of the headers whose credentials were verified. */
  private verifiedCredentials(): Uint8Array[] {
    const names: Uint8Array[] = [];
    const authentication = this.authentication;
    if (authentication.subject.apiKey.length > 0) names.push(this.policy.keyHeader);
    if (authentication.verified !== null) names.push(AUTHORIZATION);
    return names;
  }

  /** Whether the request must not move before its record is on the disk. */
  get mustBeRecorded(): bool {
    return this.policy.logRequired && this.rung >= reasonRow(Reason.LogUnavailable).enforcedFrom;
  }

  /** Bytes of the body that are held or copied at most. */
  get bodyLimit(): i32 {
    const route = this.route;
    return route === null ? 0 : <i32>route.maxBody;
  }

  /** Whether hygiene, identity and privilege let the request in. */
  get isAdmitted(): bool {
    return this.accessVerdict().effect == Effect.Permit;
  }

  /** When a stream that the route's grant opened must end, Unix milliseconds; 0: never. */
  get acceptedUntilMillis(): i64 {
    const route = this.route;
    if (route === null || route.isPublic || this.rung < reasonRow(Reason.TokenExpired).enforcedFrom) return 0;
    const subject = this.authentication.subject;
    return sooner(sooner(subject.acceptedUntilMillis, subject.apiKeyUntilMillis), this.certifiedUntilMillis);
  }

  /** Why it ends then. */
  get lapse(): Reason {
    const until = this.acceptedUntilMillis;
    if (until == this.certifiedUntilMillis) return Reason.CertificateExpired;
    return until == this.authentication.subject.apiKeyUntilMillis ? Reason.ApiKeyExpired : Reason.TokenExpired;
  }

  /** The upstream has answered: where the route is a login, a refusal is a failure. */
  answered(status: u32): void {
    const route = this.route;
    if (route === null || !route.isLogin || (status != 401 && status != 403)) return;
    this.flood.countAddress();
    this.flood.countSubject(this.authentication.subject);
  }

  /** The sidecar has been asked to sign the assertion, or can't be: without one the request is not to reach the upstream. */
  settleAssertion(): void {
    const assertion = this.assertion;
    if (assertion !== null && !assertion.settle()) this.access = Reason.AssertionUnavailable;
  }

  /** Inspects the head, where anything is scored. */
  begin(bodyFollows: bool): Step {
    this.inspection.bodyIsCut = bodyFollows;
    if (!this.isProbe) this.countFailures();
    if (!this.wantsScore || !(this.isAdmitted || this.isProbe)) return Step.Decided;
    if (this.scoresBody && this.request.isUpgrade) this.evidence.cannotInspect(Reason.UpgradeUnscored);
    this.inspection.takeFields(this.request.headers, this.verifiedCredentials());
    if (!bodyFollows || !this.wantsBody) return this.inspected();
    return this.isRefusedUnread ? this.takeBody(new Uint8Array(0), true) : Step.Body;
  }

  /** `body`: all of it, or where it is `tooLarge` its first `bodyLimit` bytes. */
  takeBody(body: Uint8Array, tooLarge: bool): Step {
    this.inspection.takeBody(body, tooLarge);
    return this.inspected();
  }

  /** The model's answer to the question, one score for each suspect in order. */
  takeScores(scores: ModelScore[]): Step {
    const evidence = this.evidence;
    const asked = this.question;
    for (let i = 0; i < asked.length && i < scores.length; i++) evidence.takeModel(scores[i], asked[i]);
    this.timings.inference = <u32>this.askingMicros;
    if (judgeScore(evidence) != Reason.Permitted) return Step.Decided;
    if (this.nextQuestion()) return this.ask();
    return this.inspection.suspects.overflowed ? this.modelUnavailable() : Step.Decided;
  }

  /** The model could not answer, or not about everything: the one place where the route's failure mode is applied. */
  modelUnavailable(): Step {
    const route = this.route;
    if (route !== null && route.openWhenUnavailable) this.creditScreen(ScoredBy.ScreenAlone);
    else this.evidence.cannotInspect(Reason.ScoreUnavailable);
    this.timings.inference = <u32>this.askingMicros;
    return Step.Decided;
  }

  /** The verdict on hygiene, identity and privilege alone, before anything is scored. */
  accessVerdict(): Verdict {
    return decide(this.rung, this.access, Reason.Permitted);
  }

  verdict(): Verdict {
    return decide(this.rung, this.access, this.scoreFinding);
  }

  /** The verdict where nothing more of the request will come: what must not move before it is judged is denied. */
  cutShort(): Verdict {
    return this.holds ? new Verdict(Effect.Deny, Reason.RequestIncomplete, Reason.Permitted) : this.verdict();
  }

  /** Whether the request will be denied for the length of its body, as its head tells it: none of it need come. */
  private get isRefusedUnread(): bool {
    const route = this.route;
    if (route === null || route.prefixWhenTooLarge || this.request.contentLength <= <i64>route.maxBody) return false;
    return decide(this.rung, this.access, Reason.BodyTooLarge).effect == Effect.Deny;
  }

  /** What the score alone would deny for. */
  get scoreFinding(): Reason {
    const denial = judgeScore(this.evidence);
    return denial == Reason.Permitted ? judgeRisk(this.evidence) : denial;
  }

  /** Whether the body belongs to what is scored. An upgrade has none: see `begin`. */
  get wantsBody(): bool {
    return this.scoresBody && !this.request.isUpgrade;
  }

  /** The body streamed by, and there was no room for a copy of it. */
  bodyNotKept(): Step {
    this.evidence.cannotInspect(Reason.InspectionBudget);
    return this.inspected();
  }

  /** The decision is made: what it rested on is let go, whatever time the stream goes on. */
  letGo(): void {
    this.inspection.letGo();
    this.question = NOTHING_ASKED;
    this.evidence.finding = null;
  }

  /** After the last inspection: the screen has decided, or the model is to be asked. */
  private inspected(): Step {
    const evidence = this.evidence;
    const route = this.route;
    if (route === null || evidence.scoredBy == ScoredBy.Uninspected) return Step.Decided;
    const suspects = this.inspection.suspects;
    const worst = suspects.worstMillionths;
    evidence.screenMillionths = worst;
    const unsure = worst >= clearBelow() && worst < evidence.denyAlone;
    if (suspects.worst.length > 0 && (route.askAlways || unsure)) {
      this.askedMicros = this.environment.monotonicMicros();
      this.nextQuestion();
      return this.ask();
    }
    this.creditScreen(ScoredBy.Screen);
    return Step.Decided;
  }

  /** Within what is left: of the route's deadline where the request waits, of more where nothing does. */
  private ask(): Step {
    const route = this.route;
    if (route === null) return Step.Decided;
    const deadline = this.holds ? route.deadlineMillis : max(route.deadlineMillis, UNHURRIED_MILLIS);
    const left = <i64>deadline - this.askingMicros / 1000;
    if (left <= 0) return this.modelUnavailable();
    this.deadlineMillis = <u32>left;
    return Step.Model;
  }

  /** False: the model has been asked about all that the screen did not clear. */
  private nextQuestion(): bool {
    const route = this.route;
    this.question = this.inspection.suspects.next(route !== null && route.askAlways);
    return this.question.length > 0;
  }

  /** When the client certificate expires to which the token is bound, or whose workload the grant names; 0: there is none. */
  private get certifiedUntilMillis(): i64 {
    const who = this.authentication;
    const isBound = (who.bindings & BOUND_BY_CERTIFICATE) != 0;
    const grant = this.grants.effect == GrantEffect.Allow ? this.grants.grant : -1;
    return isBound || (who.isCertified && grant >= 0 && namesWorkload(this.policy, grant)) ? who.peerUntilMillis : 0;
  }

  /** Microseconds since the model was first asked. */
  private get askingMicros(): i64 {
    return this.environment.monotonicMicros() - this.askedMicros;
  }

  private get scoresBody(): bool {
    const route = this.route;
    return route !== null && route.score == SCORE_FULL;
  }

  private countFailures(): void {
    const who = this.authentication;
    if (isBadToken(who.token) || who.apiKey == ApiKeyOutcome.Unknown) this.flood.countAddress();
    if (this.access == Reason.GrantMissing || this.access == Reason.GrantDenied) this.flood.countSubject(who.subject);
  }

  private creditScreen(scoredBy: ScoredBy): void {
    const evidence = this.evidence;
    evidence.scoredBy = scoredBy;
    const suspects = this.inspection.suspects;
    evidence.millionths = suspects.worstMillionths;
    if (suspects.worst.length > 0) evidence.finding = suspects.worst[0];
    if (scoredBy == ScoredBy.ScreenAlone) evidence.uninspected = Reason.ScoreUnavailable;
  }
}

/** The earlier of two times; 0: never. */
function sooner(one: i64, other: i64): i64 {
  return one == 0 || (other > 0 && other < one) ? other : one;
}
