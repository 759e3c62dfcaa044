import { bytes, currentTimeNanos, fillRandom, GrpcStatus } from "proxy-wasm-as";
import { bundleDigest } from "../screen/screen";
import { SerialCall } from "../serial-call";
import { HeldRecord, HeldRecords } from "./held-records";
import { leaveReport, takeReport } from "./legacy";
import { RECORDS_MOST, RecordQueue } from "./record-queue";
import { decodeAcknowledged, encodeReportRequest } from "./report-message";

const METHOD = bytes("Report");
const MAX_ANSWER_BYTES: u32 = 256;
const ANSWER_MILLIS: i64 = 2_000;
const RETRY_AFTER_MILLIS: i64 = 500;
/**
 * A batch is sent by every other tick, or at once when it is full: each costs the sidecar as much as a hundred records.
 */
const FLUSH_MILLIS: i64 = 150;
const FULL_BATCH = 2_048;
/** What the sidecar of any release takes. */
const SAFE_BATCH = 512;
const FULL_BATCH_BYTES = 1024 * 1024;
/** Kept while the sidecar is away; the oldest records go first, and are counted. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** The sidecar takes 4 MiB. */
const MAX_BATCH_BYTES = 3 * 1024 * 1024;

/** How long a request waits for its record at most (`log: required`); the tick's period is the resolution. */
const AWAIT_MILLIS: i64 = 1_000;

/** Waits for a record to be on the disk. */
export interface ReportListener {
  /** Once, on the root context. False: it could not be acknowledged in time. */
  onRecorded(acknowledged: bool): void;
}

class Waiter {
  constructor(
    public readonly sequence: u64,
    public readonly listener: ReportListener,
    public readonly untilMillis: i64,
  ) {}
}

/**
 * The records of one worker's VM on their way to the sidecar: in order, in batches, kept until they are acknowledged.
 * The sequence counts from 1 for each VM, so that a gap in the log is visible; what is dropped is counted.
 */
export class Reporter extends SerialCall {
  /** Records dropped since the VM started. */
  lost: u64 = 0;
  /** A report that a VM which has ended has left, on its way. */
  private inherited: Uint8Array | null = null;
  private counted: u64 = 0;
  /** Decisions of streams that go on: the stream's end, if it comes before the next batch, is in the same record. */
  private readonly held: HeldRecords = new HeldRecords();
  private readonly waiting: RecordQueue = new RecordQueue();
  /** The last record that was ever sent. */
  private sent: u64 = 0;
  /**
   * The last record that was ever dropped. Who waits for it, or for one before it, is told by the tick: a record is
   * dropped within a callback of another stream, where this one could not be answered.
   */
  private dropped: u64 = 0;
  /** With ascending sequences. */
  private waiters: Waiter[] = [];
  private flushedMillis: i64 = 0;
  private notBeforeMillis: i64 = 0;
  private fullBatch: i32 = FULL_BATCH;
  /** 16 random bytes: the name of this VM. */
  readonly worker: Uint8Array = new Uint8Array(16);

  /** `module`: SHA-256 of the module that this is; empty: it is not known. */
  constructor(private readonly module: Uint8Array) {
    super(METHOD, MAX_ANSWER_BYTES, ANSWER_MILLIS);
    fillRandom(this.worker);
  }

  /** Records dropped since this was asked last. */
  takeNewlyLost(): u64 {
    const more = this.lost - this.counted;
    this.counted = this.lost;
    return more;
  }

  /** The record is submitted when it is released, or with the next batch. */
  hold(record: HeldRecord): void {
    this.held.add(record);
  }

  /** True: it was held, and is its owner's to submit. */
  release(record: HeldRecord): bool {
    return this.held.remove(record);
  }

  /** Takes the worker's next record; gives its sequence. */
  submit(
    decisionId: Uint8Array,
    policyDigest: Uint8Array,
    decision: Uint8Array,
    evidence: Uint8Array,
    completion: Uint8Array | null,
    durable: bool,
  ): u64 {
    const waiting = this.waiting;
    if (waiting.count == RECORDS_MOST) this.dropOldest(RECORDS_MOST / 8);
    const sequence = waiting.add(policyDigest, durable, decisionId, decision, completion, evidence);
    if (waiting.size > MAX_WAITING_BYTES) waiting.dropEvidence();
    while (waiting.size > MAX_WAITING_BYTES) this.dropOldest(RECORDS_MOST / 8);
    if (waiting.count >= this.fullBatch || waiting.size >= FULL_BATCH_BYTES) this.flush(nowMillis());
    return sequence;
  }

  /** Tells the listener when the record, the last one submitted, is on the disk: its policy must say `log: required`. */
  await(sequence: u64, listener: ReportListener, nowMillis: i64): void {
    this.waiters.push(new Waiter(sequence, listener, nowMillis + AWAIT_MILLIS));
    this.flush(nowMillis);
  }

  /** Those who wait in vain, or have waited too long, are told so. */
  endOverdueWaits(nowMillis: i64): void {
    let count = this.waitersUpTo(this.dropped);
    while (count < this.waiters.length && this.waiters[count].untilMillis <= nowMillis) count++;
    this.tell(count, false);
  }

  /** Run by the tick. */
  flushIfDue(nowMillis: i64): void {
    this.endIfOverdue(nowMillis);
    // A clock that was set back must not silence it.
    if (nowMillis < this.flushedMillis + FLUSH_MILLIS && nowMillis >= this.flushedMillis) return;
    this.held.submit();
    this.flush(nowMillis);
  }

  /** Sends the next batch, if there is one and none is under way; without one, a report that another VM has left. */
  private flush(nowMillis: i64): void {
    if (this.isBusy || nowMillis < this.notBeforeMillis) return;
    if (this.waiting.count == 0 && this.inherited === null) this.inherited = takeReport();
    const inherited = this.inherited;
    if (inherited === null && this.waiting.count == 0) return;
    this.flushedMillis = nowMillis;
    this.send(inherited !== null ? inherited : this.nextReport(), nowMillis);
  }

  /** Leaves what is not acknowledged to another VM of this gateway: this one ends. */
  bequeath(): void {
    const inherited = this.inherited;
    if (inherited !== null) leaveReport(inherited);
    this.held.submit();
    const waiting = this.waiting;
    while (waiting.count > 0) {
      const count = waiting.batch(SAFE_BATCH, MAX_BATCH_BYTES);
      leaveReport(this.report(count));
      waiting.drop(waiting.first + count - 1);
    }
  }

  protected onAnswer(message: Uint8Array): void {
    if (this.inherited !== null) this.inherited = null;
    else this.acknowledge(min(decodeAcknowledged(message), this.sent));
    if (this.waiters.length > 0) this.flush(nowMillis());
  }

  protected onFailure(status: i32): void {
    // The sidecar is of a release that takes no more at once.
    if (this.inherited === null && status == GrpcStatus.InvalidArgument) this.fullBatch = SAFE_BATCH;
    this.notBeforeMillis = this.flushedMillis + RETRY_AFTER_MILLIS;
  }

  private acknowledge(sequence: u64): void {
    this.waiting.drop(sequence);
    this.tell(this.waitersUpTo(this.dropped), false);
    this.tell(this.waitersUpTo(sequence), true);
  }

  private nextReport(): Uint8Array {
    const waiting = this.waiting;
    const count = waiting.batch(this.fullBatch, MAX_BATCH_BYTES);
    this.sent = max(this.sent, waiting.first + count - 1);
    return this.report(count);
  }

  /** `postern.v1.ReportRequest` of the oldest records, so many, which are of one policy. */
  private report(count: i32): Uint8Array {
    const waiting = this.waiting;
    return encodeReportRequest(
      this.worker,
      waiting.policyDigest,
      bundleDigest(),
      this.lost,
      waiting.slice(count),
      waiting.isDurable,
      this.module,
    );
  }

  private waitersUpTo(sequence: u64): i32 {
    let count = 0;
    while (count < this.waiters.length && this.waiters[count].sequence <= sequence) count++;
    return count;
  }

  private tell(count: i32, acknowledged: bool): void {
    if (count == 0) return;
    const told = this.waiters.slice(0, count);
    this.waiters = this.waiters.slice(count);
    for (let i = 0; i < count; i++) told[i].listener.onRecorded(acknowledged);
  }

  private dropOldest(most: i32): void {
    const count = min(most, this.waiting.count);
    this.lost += <u64>count;
    this.dropped = this.waiting.first + count - 1;
    this.waiting.drop(this.dropped);
  }
}

function nowMillis(): i64 {
  return <i64>(currentTimeNanos() / 1_000_000);
}
