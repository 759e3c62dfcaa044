import { bytes, GrpcCall, grpcCall, Status } from "proxy-wasm-as";
import { Suspect } from "../suspects";
import { encodeScoreRequest, ScoreResponse } from "./score-message";

const CLUSTER = bytes("postern_sidecar");
const SERVICE = bytes("postern.v1.PolicyInformationPoint");
const METHOD = bytes("Score");
/** Envoy ends a call at its deadline; the watchdog ends one that Envoy did not, so much later. */
const WATCHDOG_MARGIN_MILLIS: i64 = 250;

/** Who waits for a score. */
export interface ScoreListener {
  /** Called once: with the scores, or with null where there will be none. */
  onScore(response: ScoreResponse | null): void;
}

/** The only call that a score waits for. Whatever goes wrong, the listener is told once, with null. */
class ScoreCall extends GrpcCall {
  private settled: bool = false;

  constructor(
    private readonly listener: ScoreListener,
    private readonly windows: i32,
    private readonly overdueAtMillis: i64,
  ) {
    super();
  }

  onMessage(message: Uint8Array): void {
    const response = new ScoreResponse(message, this.windows);
    this.settle(response.valid ? response : null);
  }

  onClose(status: i32, _message: Uint8Array): void {
    // A close with OK and without a message is an answer without content: no score.
    this.settle(null);
  }

  /** Ends a call that is long past its deadline. True where it is over, one way or the other. */
  endIfOverdue(nowMillis: i64): bool {
    if (!this.settled && nowMillis >= this.overdueAtMillis) this.settle(null);
    return this.settled;
  }

  private settle(response: ScoreResponse | null): void {
    if (this.settled) return;
    this.settled = true;
    this.listener.onScore(response);
  }
}

/** The calls under way in this VM, for the watchdog. */
const underWay: ScoreCall[] = [];

/** Asks the model for at most 16 windows. False: the call could not be made, and the listener is not told. */
export function askModel(
  suspects: Suspect[],
  bundleDigest: Uint8Array,
  deadlineMillis: u32,
  nowMillis: i64,
  listener: ScoreListener,
): bool {
  const call = new ScoreCall(listener, suspects.length, nowMillis + <i64>deadlineMillis + WATCHDOG_MARGIN_MILLIS);
  const message = encodeScoreRequest(suspects, bundleDigest);
  if (grpcCall(CLUSTER, SERVICE, METHOD, message, deadlineMillis, call) != Status.Ok) return false;
  underWay.push(call);
  return true;
}

/** Run by the tick: nothing waits for ever, even if the host forgets a call. */
export function endOverdueCalls(nowMillis: i64): void {
  let kept = 0;
  for (let i = 0; i < underWay.length; i++) {
    const call = underWay[i];
    if (!call.endIfOverdue(nowMillis)) underWay[kept++] = call;
  }
  underWay.length = kept;
}
