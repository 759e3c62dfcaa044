import { equal } from "proxy-wasm-as/bytes";
import {
  bytesFieldSize,
  elementSize,
  varintSize,
  writeBytesField,
  writeElement,
  writeVarint,
} from "../encoding/protobuf";

/** Kept at most. A power of two. */
export const RECORDS_MOST: i32 = 8_192;
const FIRST_ROOM: i32 = 64 * 1024;
/** Tag of `postern.v1.ReportRequest.records`, and of a record's sequence. */
const ELEMENT: u8 = (5 << 3) | 2;
const SEQUENCE: u8 = 1 << 3;

/** The records from `first` on were decided under this policy. */
class PolicyRun {
  constructor(
    public readonly digest: Uint8Array,
    /** Their acknowledgement must mean that they are on the disk. */
    public readonly durable: bool,
    public readonly first: u64,
  ) {}
}

/**
 * Records on their way to the sidecar, in the bytes that go there: elements of `postern.v1.ReportRequest.records` in one
 * block, oldest first, their sequences without a gap. A collection has nothing in it to look at.
 */
export class RecordQueue {
  /** Sequence of the oldest. */
  private oldest: u64 = 1;
  /** That of the next one. */
  private next: u64 = 1;
  private block: Uint8Array = new Uint8Array(FIRST_ROOM);
  private begin: i32 = 0;
  private end: i32 = 0;
  /** Bytes that were ever added, modulo 2^32: a record's place stays the same when the block is moved. */
  private added: u32 = 0;
  /** `added` behind each record, and how much of it is evidence, by the lowest bits of its sequence. */
  private readonly ends: StaticArray<u32> = new StaticArray<u32>(RECORDS_MOST);
  private readonly evidence: StaticArray<u32> = new StaticArray<u32>(RECORDS_MOST);
  private runs: PolicyRun[] = [];

  get first(): u64 {
    return this.oldest;
  }

  get count(): i32 {
    return <i32>(this.next - this.oldest);
  }

  get size(): i32 {
    return this.end - this.begin;
  }

  /**
   * Adds a `postern.v1.Record`: what is empty is left out, but for a completion. There must be fewer than `RECORDS_MOST`.
   * Gives its sequence.
   */
  add(
    policyDigest: Uint8Array,
    durable: bool,
    decisionId: Uint8Array,
    decision: Uint8Array,
    completion: Uint8Array | null,
    evidence: Uint8Array,
  ): u64 {
    const sequence = this.next++;
    const evidenceSize = bytesFieldSize(evidence);
    const size = 1 + varintSize(sequence) + bytesFieldSize(decisionId) + bytesFieldSize(decision);
    const content = size + (completion === null ? 0 : elementSize(completion)) + evidenceSize;
    const whole = 1 + varintSize(content) + content;
    this.makeRoom(whole);
    let at = this.block.dataStart + this.end;
    store<u8>(at, ELEMENT);
    at = writeVarint(at + 1, content);
    store<u8>(at, SEQUENCE);
    at = writeVarint(at + 1, sequence);
    at = writeBytesField(at, 2, decisionId);
    at = writeBytesField(at, 3, decision);
    if (completion !== null) at = writeElement(at, 4, completion);
    // Last, so that it can be cut off.
    writeBytesField(at, 5, evidence);
    this.end += whole;
    this.added += whole;
    this.ends[slot(sequence)] = this.added;
    this.evidence[slot(sequence)] = evidenceSize;
    this.enterRun(policyDigest, durable, sequence);
    return sequence;
  }

  /** Of the oldest, where there is one. */
  get policyDigest(): Uint8Array {
    return this.runs[0].digest;
  }

  /** As `policyDigest`. */
  get isDurable(): bool {
    return this.runs[0].durable;
  }

  /** How many of the oldest are of one policy, at most so many and of so many bytes; at least one, where there is one. */
  batch(most: i32, bytesMost: i32): i32 {
    const sameUntil = this.runs.length > 1 ? this.runs[1].first : this.next;
    let count = min(<i32>(sameUntil - this.oldest), most);
    while (count > 1 && this.slice(count).length > bytesMost) count -= max(1, count >> 3);
    return count;
  }

  /** So many of the oldest; good until another is added. */
  slice(count: i32): Uint8Array {
    return this.block.subarray(this.begin, this.startOf(this.oldest + count));
  }

  /** Drops all up to this one. */
  drop(last: u64): void {
    if (last < this.oldest) return;
    if (last + 1 >= this.next) {
      this.begin = 0;
      this.end = 0;
      this.oldest = this.next;
    } else {
      this.begin = this.startOf(last + 1);
      this.oldest = last + 1;
    }
    let over = 0;
    while (over + 1 < this.runs.length && this.runs[over + 1].first <= this.oldest) over++;
    if (over > 0) this.runs = this.runs.slice(over);
  }

  /** Cuts off the evidence of all. */
  dropEvidence(): void {
    const block = this.block.dataStart;
    const added = this.added;
    const end = this.end;
    let from = this.begin;
    let to = this.begin;
    this.added -= this.size;
    for (let sequence = this.oldest; sequence < this.next; sequence++) {
      const index = slot(sequence);
      const until = end - <i32>(added - this.ends[index]);
      const length = cutEvidence(block + to, block + from, until - from, this.evidence[index]);
      this.evidence[index] = 0;
      from = until;
      to += length;
      this.added += length;
      this.ends[index] = this.added;
    }
    this.end = to;
  }

  private startOf(sequence: u64): i32 {
    if (sequence == this.oldest) return this.begin;
    return this.end - <i32>(this.added - this.ends[slot(sequence - 1)]);
  }

  private enterRun(digest: Uint8Array, durable: bool, sequence: u64): void {
    const runs = this.runs;
    if (runs.length > 0) {
      const last = runs[runs.length - 1];
      if (last.durable == durable && equal(last.digest, digest)) return;
    }
    const run = new PolicyRun(digest, durable, sequence);
    if (sequence == this.oldest) this.runs = [run];
    else runs.push(run);
  }

  private makeRoom(more: i32): void {
    if (this.end + more <= this.block.length) return;
    const needed = this.size + more;
    const old = this.block;
    if (needed > old.length / 2) this.block = new Uint8Array(max(old.length * 2, needed));
    memory.copy(this.block.dataStart, old.dataStart + this.begin, this.size);
    this.end = this.size;
    this.begin = 0;
  }
}

function slot(sequence: u64): i32 {
  return <i32>(sequence & (RECORDS_MOST - 1));
}

/** Moves an element down to `to`, without the last so many bytes of its content; gives the bytes that it has there. */
function cutEvidence(to: usize, from: usize, whole: i32, evidence: i32): i32 {
  if (evidence == 0) {
    memory.copy(to, from, whole);
    return whole;
  }
  let content = from + 1;
  while ((load<u8>(content) & 0x80) != 0) content++;
  content++;
  const length = whole - <i32>(content - from) - evidence;
  store<u8>(to, ELEMENT);
  const at = writeVarint(to + 1, length);
  memory.copy(at, content, length);
  return <i32>(at - to) + length;
}
