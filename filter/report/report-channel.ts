import { bytes, GrpcStatus, GrpcStream, grpcReset, grpcSend, grpcStream, Status } from "proxy-wasm-as";
import { sidecarCluster } from "../sidecar-cluster";
import { decodeReportResponse, ReportResponse } from "./report-message";

const SERVICE = bytes("postern.v1.PolicyInformationPoint");
const METHOD = bytes("Report");
/** An answer is two numbers. */
const MAX_ANSWER_BYTES: u32 = 256;
const ANSWER_MILLIS: i64 = 2_000;

class ReportCall extends GrpcStream {
  constructor(private readonly channel: ReportChannel) {
    super();
  }

  onMessage(message: Uint8Array): void {
    this.channel.answered(this, decodeReportResponse(message));
  }

  onClose(status: i32, _message: Uint8Array): void {
    this.channel.closed(this, status);
  }
}

/**
 * Carries reports to the sidecar, one at a time: over one call, as long as the sidecar says that it takes more on it, else
 * each over a call of its own, of which the filter ends its side.
 */
export abstract class ReportChannel {
  private call: ReportCall | null = null;
  private takesMore: bool = false;
  /** When the report that waits for its answer was sent; 0: none does. */
  private sentMillis: i64 = 0;

  /** Once for each report that was sent, on the root context, or `onFailure` instead. */
  protected abstract onAnswer(acknowledged: u64): void;

  /** `status`: a `GrpcStatus` other than OK. */
  protected abstract onFailure(status: i32): void;

  protected get isBusy(): bool {
    return this.sentMillis != 0;
  }

  protected send(message: Uint8Array, nowMillis: i64): void {
    this.sentMillis = nowMillis;
    const call = this.openCall();
    if (call === null || grpcSend(call, message, !this.takesMore) != Status.Ok) this.fail(GrpcStatus.Unavailable);
  }

  /** Gives up an answer that does not come. Run by the tick. */
  protected endIfOverdue(nowMillis: i64): void {
    if (!this.isBusy) return;
    const call = this.call;
    // Without a token: the root context that it was made on is gone, and it with it.
    if (call !== null && call.token != 0 && nowMillis < this.sentMillis + ANSWER_MILLIS && nowMillis >= this.sentMillis)
      return;
    if (call !== null) grpcReset(call);
    this.fail(GrpcStatus.DeadlineExceeded);
  }

  answered(call: ReportCall, response: ReportResponse): void {
    if (call !== this.call || !this.isBusy) return;
    // A side that was ended carries nothing more.
    if (!this.takesMore) this.call = null;
    this.takesMore = response.takesMore;
    this.sentMillis = 0;
    this.onAnswer(response.acknowledged);
  }

  closed(call: ReportCall, status: i32): void {
    if (call !== this.call) return;
    if (this.isBusy) this.fail(status == GrpcStatus.Ok ? GrpcStatus.Unavailable : status);
    else this.leave();
  }

  private openCall(): ReportCall | null {
    const open = this.call;
    if (open !== null) {
      if (open.token != 0) return open;
      this.leave();
    }
    const call = new ReportCall(this);
    if (grpcStream(sidecarCluster(), SERVICE, METHOD, MAX_ANSWER_BYTES, call) != Status.Ok) return null;
    this.call = call;
    return call;
  }

  private fail(status: i32): void {
    this.leave();
    this.sentMillis = 0;
    this.onFailure(status);
  }

  /** Who answers the next call, nobody knows. */
  private leave(): void {
    this.call = null;
    this.takesMore = false;
  }
}
