import { HeaderMap } from "proxy-wasm-as/header-map";
import { Environment } from "./environment";
import { Route } from "./policy/route";
import { AccessRequest } from "./request";
import { ScoreEvidence } from "./score-evidence";
import { StageTimings } from "./stage-timings";
import { Suspects } from "./suspects";
import { hidesConnectMessage } from "./values/connect-get";
import { contentCodings, messageCoding } from "./values/content-coding";
import { BodyOutcome, extractFromBody, extractFromHeaders } from "./values/extract";
import { FormBeginning } from "./values/form-beginning";
import { RequestBody } from "./values/request-body";
import { Value } from "./values/value";
import { Reason } from "./verdict";

const NO_BODY = new Uint8Array(0);

/** Stages 4 and 5 of one request: its fields and its body are decoded into values, and each value is screened at once. */
export class Inspection {
  readonly suspects: Suspects = new Suspects();
  /** As far as it was taken, until it is let go. */
  body: Uint8Array = NO_BODY;
  /** There is more of it than that. */
  bodyIsCut: bool = false;
  private readonly values: Value[] = [];
  private beginning: FormBeginning | null = null;

  constructor(
    private readonly request: AccessRequest,
    private readonly route: Route | null,
    private readonly environment: Environment,
    private readonly evidence: ScoreEvidence,
    private readonly timings: StageTimings,
  ) {}

  /**
   * Those of the head, or trailers, which come before the body. `secrets`: names of headers whose values are credentials that
   * were verified, and no text to be scored.
   */
  takeFields(fields: HeaderMap, secrets: Uint8Array[]): void {
    const start = this.environment.monotonicMicros();
    const from = this.values.length;
    if (!extractFromHeaders(fields, this.values, secrets)) this.evidence.cannotInspect(Reason.BodyTooLarge);
    if (hidesConnectMessage(fields)) this.evidence.cannotInspect(Reason.BodyEncoding);
    this.screenFrom(from, start);
  }

  /** Whether `takeBeginning` is to be given the first `size` bytes of a body that still comes. */
  wantsBeginning(size: i32): bool {
    const request = this.request;
    let beginning = this.beginning;
    if (beginning === null) {
      const route = this.route;
      const limit = route === null ? 0 : <i32>route.maxBody;
      beginning = new FormBeginning(request.contentType, contentCodings(request.headers), limit);
    }
    this.beginning = beginning;
    return beginning.wants(size);
  }

  /** Looks at what can be told of the body already, so that less is left to do when it is whole. */
  takeBeginning(body: Uint8Array): void {
    const beginning = this.beginning;
    if (beginning === null) return;
    const start = this.environment.monotonicMicros();
    const from = this.values.length;
    beginning.take(body, this.values);
    this.screenFrom(from, start);
  }

  /** `body`: all of it, or where it is `tooLarge` its first bytes, up to the route's limit. */
  takeBody(body: Uint8Array, tooLarge: bool): void {
    this.body = body;
    this.bodyIsCut = tooLarge;
    const route = this.route;
    if (route === null || (tooLarge && !this.judgedAsTooLarge(route)) || body.length == 0) return;
    const start = this.environment.monotonicMicros();
    const from = this.values.length;
    const outcome = extractFromBody(this.bodyOf(route), this.values, this.beginning);
    if (outcome == BodyOutcome.Opaque) this.evidence.cannotInspect(Reason.BodyEncoding);
    if (outcome == BodyOutcome.TooLarge) this.judgedAsTooLarge(route);
    this.screenFrom(from, start);
  }

  /** Whatever time the stream goes on. */
  letGo(): void {
    this.values.length = 0;
    this.suspects.worst.length = 0;
    this.body = NO_BODY;
    const beginning = this.beginning;
    if (beginning !== null) beginning.release();
  }

  private bodyOf(route: Route): RequestBody {
    const request = this.request;
    const codings = contentCodings(request.headers);
    const coding = messageCoding(request.headers);
    const prefixCounts = route.prefixWhenTooLarge;
    const most = <i32>route.maxBody;
    return new RequestBody(request.contentType, codings, coding, this.body, this.bodyIsCut, most, prefixCounts);
  }

  /** Records that the body is not inspected whole. True: the route has it judged by its first bytes. */
  private judgedAsTooLarge(route: Route): bool {
    const byPrefix = route.prefixWhenTooLarge;
    if (byPrefix) this.evidence.uninspected = Reason.BodyTooLarge;
    else this.evidence.cannotInspect(Reason.BodyTooLarge);
    return byPrefix;
  }

  private screenFrom(from: i32, start: i64): void {
    const extracted = this.environment.monotonicMicros();
    this.suspects.screen(this.values, from);
    this.timings.values += <u32>(extracted - start);
    this.timings.screen += <u32>(this.environment.monotonicMicros() - extracted);
  }
}
