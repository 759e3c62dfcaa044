import { bytes, GrpcCall, grpcCall, Status } from "proxy-wasm-as";
import { sidecarCluster } from "./sidecar-cluster";

const SERVICE = bytes("postern.v1.PolicyInformationPoint");
/** Envoy ends a call at its deadline; the watchdog ends one that Envoy did not, so much later. */
const WATCHDOG_MARGIN_MILLIS: i64 = 250;

/** A call that requests wait for. Whatever goes wrong, `onSettled` is called once, on the root context. */
export abstract class SidecarCall extends GrpcCall {
  private settled: bool = false;
  private overdueAtMillis: i64 = 0;

  /** `answer`: null where there is none. Whether it is sound is for the one who asked. */
  abstract onSettled(answer: Uint8Array | null): void;

  /** False: the call could not be made, and nothing is ever settled. */
  start(method: Uint8Array, message: Uint8Array, deadlineMillis: u32, maxAnswerBytes: u32, nowMillis: i64): bool {
    this.overdueAtMillis = nowMillis + <i64>deadlineMillis + WATCHDOG_MARGIN_MILLIS;
    if (grpcCall(sidecarCluster(), SERVICE, method, message, deadlineMillis, maxAnswerBytes, this) != Status.Ok)
      return false;
    underWay.push(this);
    return true;
  }

  onMessage(message: Uint8Array): void {
    this.settle(message);
  }

  onClose(_status: i32, _message: Uint8Array): void {
    // A close with OK and without a message is an answer without content: none.
    this.settle(null);
  }

  /** Ends a call that is long past its deadline. True where it is over, one way or the other. */
  endIfOverdue(nowMillis: i64): bool {
    if (!this.settled && nowMillis >= this.overdueAtMillis) this.settle(null);
    return this.settled;
  }

  private settle(answer: Uint8Array | null): void {
    if (this.settled) return;
    this.settled = true;
    this.onSettled(answer);
  }
}

/** The calls under way in this VM, for the watchdog. */
const underWay: SidecarCall[] = [];

/** Run by the tick: nothing waits for ever, even if the host forgets a call. */
export function endOverdueCalls(nowMillis: i64): void {
  let kept = 0;
  for (let i = 0; i < underWay.length; i++) {
    const call = underWay[i];
    if (!call.endIfOverdue(nowMillis)) underWay[kept++] = call;
  }
  underWay.length = kept;
}
