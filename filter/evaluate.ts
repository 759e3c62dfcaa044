import { HeaderMap } from "proxy-wasm-as/header-map";
import { Environment } from "./environment";
import { inspectHeaders } from "./hygiene/headers";
import { inspectPath, PathTrap } from "./hygiene/path";
import { Authentication, authenticate } from "./identity/authenticate";
import { PeerCertificate } from "./identity/peer-certificate";
import { TokenCache } from "./identity/token-cache";
import { TokenOutcome } from "./identity/token-outcome";
import { CompiledPolicy } from "./policy/compiled-policy";
import { findGrant } from "./policy/grant";
import { METHOD_NOT_ALLOWED, matchRoute } from "./policy/match";
import { Route } from "./policy/route";
import { AccessRequest } from "./request";
import { ScoredBy, ScoreEvidence } from "./score-evidence";
import { clearBelow, denyAlone, modelDeny } from "./screen/screen";
import { StageTimings } from "./stage-timings";
import { Suspect, Suspects } from "./suspects";
import { decide, judgeScore } from "./trust-algorithm";
import { contentCodings } from "./values/content-coding";
import { BodyOutcome, extractFromBody, extractFromHeaders } from "./values/extract";
import { RequestBody } from "./values/request-body";
import { Value } from "./values/value";
import { Reason, Rung, Verdict } from "./verdict";

const UNHURRIED_MILLIS: u32 = 1_000;
const SCORE_OFF: u8 = 0;
const SCORE_FULL: u8 = 2;

/**
 * One request on its way through the stages, in their order. The constructor runs stages 1 to 3 (request, identity,
 * policy); `inspectHead`, `inspectBody` run 4 and 5 (values, screen); the model's answer, or its absence, comes in by
 * `takeScores` or `modelUnavailable`; `verdict` is stage 7 on what is known by then.
 */
export class Evaluation {
  readonly request: AccessRequest;
  readonly authentication: Authentication;
  readonly route: Route | null;
  /** The rung on which the request stands: its route's, or the policy's where no route matches. */
  readonly rung: Rung;
  /** The first finding of hygiene, identity and privilege. */
  readonly access: Reason;
  /** Index of the grant within the route, -1: none. */
  readonly grant: i32;
  readonly evidence: ScoreEvidence;
  readonly suspects: Suspects = new Suspects();
  readonly timings: StageTimings;
  private readonly values: Value[] = [];
  /** What the model was last asked, or is to be asked next. */
  question: Suspect[] = [];

  constructor(
    public readonly policy: CompiledPolicy,
    private readonly environment: Environment,
    tokens: TokenCache,
    headers: HeaderMap,
    peer: PeerCertificate,
  ) {
    const start = environment.monotonicMicros();
    const request = new AccessRequest(headers);
    const hygiene = inspectHeaders(request, policy);
    const requestDone = environment.monotonicMicros();
    const authentication = authenticate(headers, policy, peer, environment, tokens);
    const identityDone = environment.monotonicMicros();
    const index = matchRoute(policy, request.host, request.method, request.path);
    const route: Route | null = index < 0 ? null : policy.route(index);
    const trap = inspectPath(policy, request.host, request.method, request.path, index);
    const grant = route === null ? -1 : findGrant(policy, route, authentication.subject);
    const timings = new StageTimings();
    timings.request = <u32>(requestDone - start);
    timings.identity = <u32>(identityDone - requestDone);
    timings.policy = <u32>(environment.monotonicMicros() - identityDone);

    this.timings = timings;
    this.request = request;
    this.authentication = authentication;
    this.route = route;
    this.rung = <Rung>(route === null ? policy.mode : route.mode);
    this.grant = grant;
    this.access = firstOf(hygiene, pathReason(trap), routeReason(index), privilege(route, authentication.token, grant));
    this.evidence = new ScoreEvidence(modelDeny(), denyAlone());
  }

  /** Whether the route asks for a score at all. */
  get wantsScore(): bool {
    const route = this.route;
    return route !== null && route.score != SCORE_OFF;
  }

  /** Whether the body belongs to what is scored. */
  get wantsBody(): bool {
    const route = this.route;
    return route !== null && route.score == SCORE_FULL;
  }

  /** Whether the request must not move before its score is judged. */
  get holds(): bool {
    return this.rung >= Rung.Prevent;
  }

  /** Bytes of the body that are held or copied at most. */
  get bodyLimit(): i32 {
    const route = this.route;
    return route === null ? 0 : <i32>route.maxBody;
  }

  /** How long the model may take: the route's deadline where the request waits, more where nothing does. */
  get deadlineMillis(): u32 {
    const route = this.route;
    if (route === null) return 0;
    return this.holds ? route.deadlineMillis : max(route.deadlineMillis, UNHURRIED_MILLIS);
  }

  inspectHead(): void {
    const start = this.environment.monotonicMicros();
    extractFromHeaders(this.request.headers, this.values);
    this.screenFrom(0, start);
  }

  inspectBody(body: Uint8Array): void {
    this.inspectBytes(body, false);
  }

  /** The body is over the route's limit: judged by its first bytes where the route says so, else not at all. */
  bodyTooLarge(prefix: Uint8Array): void {
    if (this.judgedAsTooLarge()) this.inspectBytes(prefix, true);
  }

  /** After the last inspection: true where the model is to be asked, false where the screen has decided. */
  needsModel(): bool {
    const evidence = this.evidence;
    const route = this.route;
    if (route === null || evidence.scoredBy == ScoredBy.Uninspected) return false;
    const worst = this.suspects.worstMillionths;
    evidence.screenMillionths = worst;
    const unsure = worst >= clearBelow() && worst < evidence.denyAlone;
    if (this.suspects.worst.length > 0 && (route.askAlways || unsure)) return true;
    this.creditScreen(ScoredBy.Screen);
    return false;
  }

  /** What the model is to be asked next; empty: it has been asked about all that the screen did not clear. */
  nextQuestion(): Suspect[] {
    const route = this.route;
    this.question = this.suspects.next(route !== null && route.askAlways);
    return this.question;
  }

  /** The model's answer to the last question, one score for each suspect in order. True: nothing is left to ask. */
  takeScores(millionths: StaticArray<u32>, classes: StaticArray<u32>): bool {
    const evidence = this.evidence;
    const asked = this.question;
    for (let i = 0; i < asked.length && i < millionths.length; i++) {
      if (evidence.scoredBy == ScoredBy.Model && millionths[i] <= evidence.millionths) continue;
      evidence.scoredBy = ScoredBy.Model;
      evidence.millionths = millionths[i];
      evidence.attackClass = classes[i];
      evidence.finding = asked[i];
    }
    if (judgeScore(evidence) != Reason.Permitted) return true;
    if (this.nextQuestion().length > 0) return false;
    if (this.suspects.overflowed) this.modelUnavailable();
    return true;
  }

  /** The model could not answer, or not about everything: the one place where the route's failure mode is applied. */
  modelUnavailable(): void {
    const route = this.route;
    if (route !== null && route.openWhenUnavailable) this.creditScreen(ScoredBy.ScreenAlone);
    else this.evidence.cannotInspect(Reason.ScoreUnavailable);
  }

  /** The verdict on hygiene, identity and privilege alone, before anything is scored. */
  accessVerdict(): Verdict {
    return decide(this.rung, this.access, Reason.Permitted);
  }

  verdict(): Verdict {
    return decide(this.rung, this.access, judgeScore(this.evidence));
  }

  private inspectBytes(bytes: Uint8Array, isCut: bool): void {
    const route = this.route;
    if (bytes.length == 0 || route === null) return;
    const start = this.environment.monotonicMicros();
    const from = this.values.length;
    const request = this.request;
    const codings = contentCodings(request.headers);
    const prefixCounts = route.prefixWhenTooLarge;
    const body = new RequestBody(request.contentType, codings, bytes, isCut, <i32>route.maxBody, prefixCounts);
    const outcome = extractFromBody(body, this.values);
    if (outcome == BodyOutcome.Opaque) this.evidence.cannotInspect(Reason.BodyEncoding);
    if (outcome == BodyOutcome.TooLarge) this.judgedAsTooLarge();
    this.screenFrom(from, start);
  }

  /** Records that the body is not inspected whole. True: the route has it judged by its first bytes. */
  private judgedAsTooLarge(): bool {
    const route = this.route;
    const byPrefix = route !== null && route.prefixWhenTooLarge;
    if (byPrefix) this.evidence.uninspected = Reason.BodyTooLarge;
    else this.evidence.cannotInspect(Reason.BodyTooLarge);
    return byPrefix;
  }

  private creditScreen(scoredBy: ScoredBy): void {
    const evidence = this.evidence;
    evidence.scoredBy = scoredBy;
    evidence.millionths = this.suspects.worstMillionths;
    if (this.suspects.worst.length > 0) evidence.finding = this.suspects.worst[0];
    if (scoredBy == ScoredBy.ScreenAlone) evidence.uninspected = Reason.ScoreUnavailable;
  }

  private screenFrom(from: i32, start: i64): void {
    const extracted = this.environment.monotonicMicros();
    this.suspects.screen(this.values, from);
    this.timings.values += <u32>(extracted - start);
    this.timings.screen += <u32>(this.environment.monotonicMicros() - extracted);
  }
}

function firstOf(first: Reason, second: Reason, third: Reason, fourth: Reason): Reason {
  if (first != Reason.Permitted) return first;
  if (second != Reason.Permitted) return second;
  return third != Reason.Permitted ? third : fourth;
}

function pathReason(trap: PathTrap): Reason {
  if (trap == PathTrap.Malformed) return Reason.PathMalformed;
  return trap == PathTrap.Ambiguous ? Reason.PathAmbiguous : Reason.Permitted;
}

function routeReason(index: i32): Reason {
  if (index >= 0) return Reason.Permitted;
  return index == METHOD_NOT_ALLOWED ? Reason.MethodNotAllowed : Reason.RouteNotFound;
}

/** A token that was sent and is not valid denies on every route that is not public, whatever else grants it. */
function privilege(route: Route | null, token: TokenOutcome, grant: i32): Reason {
  if (route === null || route.isPublic) return Reason.Permitted;
  if (token > TokenOutcome.VALID) return <Reason>(Reason.TokenMalformed + (token - TokenOutcome.MALFORMED));
  if (grant >= 0) return Reason.Permitted;
  return token == TokenOutcome.ABSENT && route.hasTokenGrant ? Reason.TokenMissing : Reason.GrantMissing;
}
