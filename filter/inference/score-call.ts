import { bytes, GrpcCall, grpcCall, Status } from "proxy-wasm-as";
import { Suspect } from "../suspects";
import { encodeScoreRequest, ScoreResponse } from "./score-message";

const CLUSTER = bytes("postern_sidecar");
const SERVICE = bytes("postern.v1.PolicyInformationPoint");
const METHOD = bytes("Score");
/** 16 scores take less than 300 bytes. */
const MAX_ANSWER_BYTES: u32 = 1_024;
/** Calls that a VM has under way at most: each keeps its request in memory. */
const MAX_CALLS = 256;
/** Of these so many for requests that do not wait: they never take the model from those that do. */
const MAX_UNHURRIED_CALLS = 128;
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
    private readonly waits: bool,
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
    calls--;
    if (!this.waits) unhurriedCalls--;
    this.listener.onScore(response);
  }
}

/** The calls under way in this VM, for the watchdog. */
const underWay: ScoreCall[] = [];
/** Those of them that are not settled. */
let calls: i32 = 0;
let unhurriedCalls: i32 = 0;

/**
 * Asks the model for at most 16 windows; `waits`: a request is held until it answers. False: the call could not be made,
 * or too many are under way, and the listener is not told.
 */
export function askModel(
  suspects: Suspect[],
  bundleDigest: Uint8Array,
  deadlineMillis: u32,
  nowMillis: i64,
  waits: bool,
  listener: ScoreListener,
): bool {
  if (calls >= MAX_CALLS || (!waits && unhurriedCalls >= MAX_UNHURRIED_CALLS)) return false;
  const call = new ScoreCall(
    listener,
    waits,
    suspects.length,
    nowMillis + <i64>deadlineMillis + WATCHDOG_MARGIN_MILLIS,
  );
  const message = encodeScoreRequest(suspects, bundleDigest);
  if (grpcCall(CLUSTER, SERVICE, METHOD, message, deadlineMillis, MAX_ANSWER_BYTES, call) != Status.Ok) return false;
  calls++;
  if (!waits) unhurriedCalls++;
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
