import { bytes, setProperty } from "proxy-wasm-as";
import { encodeHex } from "../encoding/hex";
import { spaced } from "../encoding/spaced";
import { Evaluation } from "../evaluate";
import { Gate } from "../gate";
import { Effect, Reason, reasonRow, Verdict } from "../verdict";
import { randomId } from "./decision-id";
import { encodeEvidence } from "./evidence";
import { HeldRecord } from "./held-records";
import { encodeCompletion, encodeDecision } from "./record";
import { Reporter, ReportListener } from "./reporter";

const FILTER_STATE = bytes("postern");
const PERMIT = bytes("permit");
const DENY = bytes("deny");
const NONE = new Uint8Array(0);
const NO_ROUTE = bytes("-");
/** What the access log is told of a decision; used again. */
const told = [NONE, NONE, NONE, NONE];

/**
 * One decision on its way into the log: recorded when it is made, completed when the stream has ended. Either may come
 * first: in `observe` and `detect` nothing waits for a score.
 */
export class Decision extends HeldRecord {
  /** 128 random bits, in lower-case hexadecimal. */
  readonly hex: Uint8Array;
  private readonly id: Uint8Array;
  private made: bool = false;
  /** What was made of it and is not submitted yet; empty: nothing. */
  private record: Uint8Array = NONE;
  private evidence: Uint8Array = NONE;
  /** Null: the stream has not ended. */
  private completion: Uint8Array | null = null;
  /** The record's; 0: it is not submitted yet. */
  private sequence: u64 = 0;
  private ended: Reason = Reason.Permitted;
  /** Of the response; 0: none has begun. */
  status: u32 = 0;
  private size: u64 = 0;

  constructor(
    /** Replaced where more has become known before anything was judged. */
    public evaluation: Evaluation,
    private readonly gate: Gate,
    private readonly reporter: Reporter,
    private readonly arrivedMillis: i64,
    /** The connection is. */
    private readonly encrypted: bool,
  ) {
    super();
    const id = randomId();
    this.id = id;
    this.hex = encodeHex(id);
  }

  get isMade(): bool {
    return this.made;
  }

  get weight(): i32 {
    return this.record.length + this.evidence.length;
  }

  /** Makes the decision, once, and records it. */
  make(verdict: Verdict): void {
    if (this.made) return;
    this.made = true;
    const evaluation = this.evaluation;
    this.record = encodeDecision(this.arrivedMillis, this.encrypted, evaluation, verdict);
    this.evidence = encodeEvidence(evaluation, verdict, this.gate.environment);
    evaluation.letGo();
    if (!evaluation.isProbe) this.gate.metrics.count(evaluation, verdict);
    if (this.completion !== null) this.submit();
    else this.reporter.hold(this);
  }

  /** The record is on its way; `listener` is told when it is on the disk, or that it could not be in time. */
  awaitRecord(listener: ReportListener): void {
    if (this.reporter.release(this)) this.submit();
    this.reporter.await(this.sequence, listener, this.gate.environment.nowMillis());
  }

  /** The gate ends the stream of a request that it had let through. */
  endEarly(reason: Reason): void {
    this.ended = reason;
  }

  /**
   * Tells Envoy's access log, in one filter state (each costs as much as reading all headers): id, effect, reason, route.
   * The stream must be the effective context.
   */
  publish(verdict: Verdict): void {
    const route = this.evaluation.route;
    told[0] = this.hex;
    told[1] = verdict.effect == Effect.Deny ? DENY : PERMIT;
    told[2] = reasonRow(verdict.reason).code;
    told[3] = route === null ? NO_ROUTE : route.name;
    setProperty(FILTER_STATE, spaced(told));
  }

  /** So many more bytes of the response's body go to the client. */
  addResponseBytes(count: i32): void {
    this.size += <u64>count;
  }

  /** The stream is over. */
  endStream(): void {
    if (this.completion !== null) return;
    this.completion = encodeCompletion(this.status, this.size, this.ended);
    if (this.sequence > 0 || this.reporter.release(this)) this.submit();
  }

  /** The decision, with its completion where there is one; the completion alone where the decision is submitted. */
  submit(): void {
    const policy = this.evaluation.policy;
    this.sequence = this.reporter.submit(
      this.id,
      policy.digest,
      this.record,
      this.evidence,
      this.completion,
      policy.logRequired,
    );
    this.record = NONE;
    this.evidence = NONE;
  }
}
