import { bytes, equal, fillRandom, GrpcCall, grpcCall, Status } from "proxy-wasm-as";
import { bundleDigest } from "../screen/screen";
import { CompletedRecord } from "./record";
import { decodeAcknowledged, encodeReportRequest } from "./report-message";

const CLUSTER = bytes("postern_sidecar");
const SERVICE = bytes("postern.v1.PolicyInformationPoint");
const METHOD = bytes("Report");
const CALL_DEADLINE_MILLIS: u32 = 2_000;
/** An acknowledgement is one number. */
const MAX_ANSWER_BYTES: u32 = 256;
const WATCHDOG_MILLIS: i64 = 4_000;
const RETRY_AFTER_MILLIS: i64 = 500;
/** A batch is sent at the next tick, or at once when it is full. */
const FULL_BATCH = 256;
/** Records kept while the sidecar is away; the oldest go first, and are counted. */
const MAX_WAITING = 8_192;
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

class ReportCall extends GrpcCall {
  constructor(private readonly reporter: Reporter) {
    super();
  }

  onMessage(message: Uint8Array): void {
    this.reporter.acknowledge(decodeAcknowledged(message));
    this.reporter.callEnded(true);
  }

  onClose(_status: i32, _message: Uint8Array): void {
    this.reporter.callEnded(false);
  }
}

/**
 * The records of one worker's VM on their way to the sidecar: in order, in batches, kept until they are acknowledged.
 * The sequence counts from 1 for each VM, so that a gap in the log is visible; what is dropped is counted.
 */
export class Reporter {
  /** Records dropped since the VM started. */
  lost: u64 = 0;
  private counted: u64 = 0;
  private sequence: u64 = 0;
  private waiting: CompletedRecord[] = [];
  private waitingBytes: i32 = 0;
  private callStartedMillis: i64 = 0;
  private notBeforeMillis: i64 = 0;
  private readonly worker: Uint8Array = new Uint8Array(16);

  constructor() {
    fillRandom(this.worker);
  }

  /** Records dropped since this was asked last. */
  takeNewlyLost(): u64 {
    const more = this.lost - this.counted;
    this.counted = this.lost;
    return more;
  }

  nextSequence(): u64 {
    return ++this.sequence;
  }

  submit(record: CompletedRecord, nowMillis: i64): void {
    this.waiting.push(record);
    this.waitingBytes += record.encoded.length;
    while (this.waiting.length > MAX_WAITING || this.waitingBytes > MAX_WAITING_BYTES) {
      this.dropOldest(MAX_WAITING / 8);
    }
    if (this.waiting.length >= FULL_BATCH) this.flush(nowMillis);
  }

  /** Sends the next batch, if there is one and no call is under way. */
  flush(nowMillis: i64): void {
    if (this.waiting.length == 0 || nowMillis < this.notBeforeMillis) return;
    if (this.callStartedMillis != 0 && nowMillis < this.callStartedMillis + WATCHDOG_MILLIS) return;
    const policyDigest = this.waiting[0].policyDigest;
    let count = 1;
    while (count < this.waiting.length && count < FULL_BATCH && equal(this.waiting[count].policyDigest, policyDigest)) {
      count++;
    }
    const batch = this.waiting.slice(0, count);
    const message = encodeReportRequest(this.worker, policyDigest, bundleDigest(), this.lost, batch);
    this.callStartedMillis = nowMillis;
    const status = grpcCall(
      CLUSTER,
      SERVICE,
      METHOD,
      message,
      CALL_DEADLINE_MILLIS,
      MAX_ANSWER_BYTES,
      new ReportCall(this),
    );
    if (status != Status.Ok) this.callEnded(false);
  }

  acknowledge(sequence: u64): void {
    let count = 0;
    while (count < this.waiting.length && this.waiting[count].sequence <= sequence) count++;
    this.drop(count);
  }

  callEnded(succeeded: bool): void {
    if (!succeeded) this.notBeforeMillis = this.callStartedMillis + RETRY_AFTER_MILLIS;
    this.callStartedMillis = 0;
  }

  private dropOldest(count: i32): void {
    const dropped = min(count, this.waiting.length);
    this.lost += <u64>dropped;
    this.drop(dropped);
  }

  private drop(count: i32): void {
    for (let i = 0; i < count; i++) this.waitingBytes -= this.waiting[i].encoded.length;
    this.waiting = this.waiting.slice(count);
  }
}
