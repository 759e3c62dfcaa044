import { currentTimeNanos, equal, fillRandom, GrpcStatus } from "proxy-wasm-as";
import { bundleDigest } from "../screen/screen";
import { leaveReport, takeReport } from "./legacy";
import { ReportChannel } from "./report-channel";
import { encodeReportRequest, PendingRecord } from "./report-message";

const NONE = new Uint8Array(0);
const RETRY_AFTER_MILLIS: i64 = 500;
/**
 * A batch is sent by every other tick, or at once when it is full: each costs the sidecar as much as a hundred records.
 */
const FLUSH_MILLIS: i64 = 150;
const FULL_BATCH = 2_048;
/** What the sidecar of any release takes. */
const SAFE_BATCH = 512;
const FULL_BATCH_BYTES = 1024 * 1024;
/** Records kept while the sidecar is away; the oldest go first, and are counted. */
const MAX_WAITING = 8_192;
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
    public readonly record: PendingRecord,
    public readonly listener: ReportListener,
    public readonly untilMillis: i64,
  ) {}
}

/**
 * The records of one worker's VM on their way to the sidecar: in order, in batches, kept until they are acknowledged.
 * The sequence counts from 1 for each VM, so that a gap in the log is visible; what is dropped is counted.
 */
export class Reporter extends ReportChannel {
  /** Records dropped since the VM started. */
  lost: u64 = 0;
  /** A report that a VM which has ended has left, on its way. */
  private inherited: Uint8Array | null = null;
  private counted: u64 = 0;
  private sequence: u64 = 0;
  private waiting: PendingRecord[] = [];
  /** With ascending sequences. */
  private waiters: Waiter[] = [];
  private waitingBytes: i32 = 0;
  private flushedMillis: i64 = 0;
  private notBeforeMillis: i64 = 0;
  private fullBatch: i32 = FULL_BATCH;
  /** 16 random bytes: the name of this VM. */
  readonly worker: Uint8Array = new Uint8Array(16);

  /** `module`: SHA-256 of the module that this is; empty: it is not known. */
  constructor(private readonly module: Uint8Array) {
    super();
    fillRandom(this.worker);
  }

  /** Records dropped since this was asked last. */
  takeNewlyLost(): u64 {
    const more = this.lost - this.counted;
    this.counted = this.lost;
    return more;
  }

  /** Takes the worker's next record. */
  submit(
    decisionId: Uint8Array,
    policyDigest: Uint8Array,
    decision: Uint8Array,
    evidence: Uint8Array,
    completion: Uint8Array | null,
    durable: bool,
  ): PendingRecord {
    const record = new PendingRecord(
      ++this.sequence,
      decisionId,
      policyDigest,
      decision,
      evidence,
      completion,
      durable,
    );
    this.waiting.push(record);
    this.waitingBytes += record.weight;
    if (this.waitingBytes > MAX_WAITING_BYTES) this.dropEvidence();
    while (this.waiting.length > MAX_WAITING || this.waitingBytes > MAX_WAITING_BYTES) {
      this.dropOldest(MAX_WAITING / 8);
    }
    if (this.waiting.length >= this.fullBatch || this.waitingBytes >= FULL_BATCH_BYTES) this.flush(nowMillis());
    return record;
  }

  /** Tells the listener when the record, the last one submitted, is on the disk: its policy must say `log: required`. */
  await(record: PendingRecord, listener: ReportListener, nowMillis: i64): void {
    this.waiters.push(new Waiter(record, listener, nowMillis + AWAIT_MILLIS));
    this.flush(nowMillis);
  }

  /** Those who have waited too long are told so. */
  endOverdueWaits(nowMillis: i64): void {
    let count = 0;
    while (count < this.waiters.length && this.waiters[count].untilMillis <= nowMillis) count++;
    this.tell(count, false);
  }

  /** Run by the tick. */
  flushIfDue(nowMillis: i64): void {
    this.endIfOverdue(nowMillis);
    // A clock that was set back must not silence it.
    if (nowMillis >= this.flushedMillis + FLUSH_MILLIS || nowMillis < this.flushedMillis) this.flush(nowMillis);
  }

  /** Sends the next batch, if there is one and no call is under way; without one, a report that another VM has left. */
  private flush(nowMillis: i64): void {
    if (this.isBusy || nowMillis < this.notBeforeMillis) return;
    if (this.waiting.length == 0 && this.inherited === null) this.inherited = takeReport();
    const inherited = this.inherited;
    if (inherited === null && this.waiting.length == 0) return;
    this.flushedMillis = nowMillis;
    this.send(inherited !== null ? inherited : this.report(0, this.batchFrom(0, this.fullBatch)), nowMillis);
  }

  /** Leaves what is not acknowledged to another VM of this gateway: this one ends. */
  bequeath(): void {
    const inherited = this.inherited;
    if (inherited !== null) leaveReport(inherited);
    for (let start = 0; start < this.waiting.length; ) {
      const count = this.batchFrom(start, SAFE_BATCH);
      leaveReport(this.report(start, count));
      start += count;
    }
    this.waiting = [];
  }

  protected onAnswer(acknowledged: u64): void {
    if (this.inherited !== null) this.inherited = null;
    else this.acknowledge(acknowledged);
    if (this.waiters.length > 0) this.flush(nowMillis());
  }

  protected onFailure(status: i32): void {
    // The sidecar is of a release that takes no more at once.
    if (this.inherited === null && status == GrpcStatus.InvalidArgument) this.fullBatch = SAFE_BATCH;
    this.notBeforeMillis = this.flushedMillis + RETRY_AFTER_MILLIS;
  }

  private acknowledge(sequence: u64): void {
    let count = 0;
    while (count < this.waiting.length && this.waiting[count].sequence <= sequence) count++;
    this.drop(count);
    count = 0;
    while (count < this.waiters.length && this.waiters[count].record.sequence <= sequence) count++;
    this.tell(count, true);
  }

  /** How many of the waiting records, from one on, make a batch: they are of one policy, and at most `full`. */
  private batchFrom(start: i32, full: i32): i32 {
    const waiting = this.waiting;
    const policyDigest = waiting[start].policyDigest;
    const most = min(waiting.length - start, full);
    let count = 1;
    let size = waiting[start].weight;
    for (; count < most && equal(waiting[start + count].policyDigest, policyDigest); count++) {
      size += waiting[start + count].weight;
      if (size > MAX_BATCH_BYTES) break;
    }
    return count;
  }

  private report(start: i32, count: i32): Uint8Array {
    const batch = this.waiting.slice(start, start + count);
    for (let i = 0; i < count; i++) batch[i].sent = true;
    return encodeReportRequest(
      this.worker,
      batch[0].policyDigest,
      bundleDigest(),
      this.lost,
      batch,
      batch[0].durable,
      this.module,
    );
  }

  private tell(count: i32, acknowledged: bool): void {
    if (count == 0) return;
    const told = this.waiters.slice(0, count);
    this.waiters = this.waiters.slice(count);
    for (let i = 0; i < count; i++) {
      const waiter = told[i];
      waiter.listener.onRecorded(acknowledged && !waiter.record.dropped);
    }
  }

  /** The records matter more than the bytes beside them. */
  private dropEvidence(): void {
    for (let i = 0; i < this.waiting.length; i++) {
      const record = this.waiting[i];
      this.waitingBytes -= record.evidence.length;
      record.evidence = NONE;
    }
  }

  private dropOldest(count: i32): void {
    const dropped = min(count, this.waiting.length);
    this.lost += <u64>dropped;
    for (let i = 0; i < dropped; i++) this.waiting[i].dropped = true;
    this.drop(dropped);
  }

  private drop(count: i32): void {
    for (let i = 0; i < count; i++) this.waitingBytes -= this.waiting[i].weight;
    this.waiting = this.waiting.slice(count);
  }
}

function nowMillis(): i64 {
  return <i64>(currentTimeNanos() / 1_000_000);
}
