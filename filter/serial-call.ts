import {
  activeRootContextId,
  bytes,
  GrpcStatus,
  GrpcStream,
  grpcReset,
  grpcSend,
  grpcStream,
  Status,
} from "proxy-wasm-as";
import { ProtobufReader } from "./encoding/protobuf";
import { sidecarCluster } from "./sidecar-cluster";

const SERVICE = bytes("postern.v1.PolicyInformationPoint");
/** Of every answer that may come on a call for more than one message. */
const TAKES_MORE_FIELD: u32 = 2;

class Call extends GrpcStream {
  constructor(private readonly owner: SerialCall) {
    super();
  }

  onMessage(message: Uint8Array): void {
    this.owner.answered(this, message);
  }

  onClose(status: i32, _message: Uint8Array): void {
    this.owner.closed(this, status);
  }
}

/**
 * Carries messages to the sidecar, one at a time: over one call, as long as the sidecar says that it takes more on it, else
 * each over a call of its own, of which the filter ends its side.
 */
export abstract class SerialCall {
  /**
   * The calls for more than one message, one for each root context: Envoy knows a call on its own only, and there are two
   * for as long as streams go on under a former policy.
   */
  private kept: Call[] = [];
  /** The one by which the answer is to come; null: none is awaited. */
  private current: Call | null = null;
  private takesMore: bool = false;
  private sentMillis: i64 = 0;

  /** `patienceMillis`: how long an answer may take. */
  constructor(
    private readonly method: Uint8Array,
    private readonly maxAnswerBytes: u32,
    private readonly patienceMillis: i64,
  ) {}

  /** Once for each message that was sent, on the root context, or `onFailure` instead. */
  protected abstract onAnswer(message: Uint8Array): void;

  /** `status`: a `GrpcStatus` other than OK. */
  protected abstract onFailure(status: i32): void;

  protected get isBusy(): bool {
    return this.current !== null;
  }

  /** What is awaited by then is awaited no longer, untold. `onFailure` may be called before it returns. */
  protected send(message: Uint8Array, nowMillis: i64): void {
    const before = this.current;
    // Its answer would be taken for that of this message.
    if (before !== null) this.abandon(before);
    const isLast = !this.takesMore;
    let call: Call | null = isLast ? null : this.keptHere();
    if (call === null) {
      call = new Call(this);
      if (grpcStream(sidecarCluster(), SERVICE, this.method, this.maxAnswerBytes, call) != Status.Ok) {
        this.onFailure(GrpcStatus.Unavailable);
        return;
      }
      if (!isLast) this.kept.push(call);
    }
    this.current = call;
    this.sentMillis = nowMillis;
    if (grpcSend(call, message, isLast) != Status.Ok) this.fail(call, GrpcStatus.Unavailable);
  }

  /** Gives up an answer that does not come. Run by the tick. */
  protected endIfOverdue(nowMillis: i64): void {
    const call = this.current;
    if (call === null) return;
    // A clock that was set back makes nothing overdue, nor keeps it for ever.
    const isOverdue = nowMillis >= this.sentMillis + this.patienceMillis || nowMillis < this.sentMillis;
    // Without a token: the root context that it was made on is gone, and it with it.
    if (call.token != 0 && !isOverdue) return;
    this.abandon(call);
    this.fail(call, GrpcStatus.DeadlineExceeded);
  }

  answered(call: Call, message: Uint8Array): void {
    if (call !== this.current) return;
    this.current = null;
    this.takesMore = saysMore(message);
    this.onAnswer(message);
  }

  closed(call: Call, status: i32): void {
    if (call === this.current) this.fail(call, status == GrpcStatus.Ok ? GrpcStatus.Unavailable : status);
    else if (this.kept.includes(call)) this.leave(call);
  }

  /** Nothing more goes over the call, and nothing that comes is heard. */
  private abandon(call: Call): void {
    this.current = null;
    grpcReset(call);
    this.forget(call);
  }

  private fail(call: Call, status: i32): void {
    this.current = null;
    this.leave(call);
    this.onFailure(status);
  }

  /** Who answers the next call, nobody knows. */
  private leave(call: Call): void {
    this.forget(call);
    this.takesMore = false;
  }

  private forget(call: Call): void {
    const at = this.kept.indexOf(call);
    if (at >= 0) this.kept.splice(at, 1);
  }

  /** The one of the root context that is active; null: there is none. Those of contexts that are gone are let go of. */
  private keptHere(): Call | null {
    const here = activeRootContextId();
    let found: Call | null = null;
    for (let i = this.kept.length - 1; i >= 0; i--) {
      const call = this.kept[i];
      if (call.token == 0) this.kept.splice(i, 1);
      else if (call.rootContextId == here) found = call;
    }
    return found;
  }
}

function saysMore(message: Uint8Array): bool {
  const reader = new ProtobufReader(message);
  let takesMore = false;
  for (let field = reader.next(); field != 0; field = reader.next()) {
    if (field == TAKES_MORE_FIELD) takesMore = reader.value != 0;
  }
  return takesMore && !reader.malformed;
}
