import { bytes } from "proxy-wasm-as/bytes";
import { sha256 } from "../crypto/sha256";
import { Environment, NO_VERSION } from "../environment";

/** 256 buckets of at most 64 counters, 16 bytes each: 256 KiB for all workers together, 16,384 counters. */
export const FAILURE_BUCKETS: u32 = 256;
const COUNTERS: i32 = 64;
/** 8 bytes of the party's hash, u32 Unix second at which the window ends, u32 failures. */
const COUNTER_BYTES: i32 = 16;
const ATTEMPTS: i32 = 4;
const EMPTY = new Uint8Array(0);

/** Who fails: a client address or a subject, by the hash of its description. */
export class Party {
  private readonly hash: Uint8Array;

  constructor(description: Uint8Array) {
    this.hash = sha256(description);
  }

  get bucket(): Uint8Array {
    return bucketKey(load<u16>(this.hash.dataStart) & (FAILURE_BUCKETS - 1));
  }

  get fingerprint(): u64 {
    return load<u64>(this.hash.dataStart, 8);
  }
}

/** Bytes that a bucket holds. */
export function failureBytes(environment: Environment, bucket: u32): i32 {
  const found = environment.shared(bucketKey(bucket));
  return found === null ? 0 : found.value.length;
}

function bucketKey(bucket: u32): Uint8Array {
  return bytes(`postern.failures.${bucket}`);
}

/** The failures of a party in its window. */
export class Failures {
  constructor(
    public readonly count: u32,
    /** Unix second at which they are forgotten. */
    public readonly endSeconds: i64,
  ) {}
}

/** The failures of all workers so far. */
export function failuresOf(environment: Environment, party: Party, nowSeconds: i64, windowSeconds: u32): Failures {
  const found = environment.shared(party.bucket);
  const counters = found === null ? EMPTY : found.value;
  const at = find(counters, party.fingerprint, nowSeconds, windowSeconds);
  return at < 0 ? new Failures(0, 0) : read(counters, at);
}

/**
 * Counts one failure; gives all of the window, which begins with the first. Where a bucket is full the counter with the
 * fewest failures makes room: a flood from many addresses can only hide those that failed least.
 */
export function countFailure(environment: Environment, party: Party, nowSeconds: i64, windowSeconds: u32): Failures {
  let counted = new Failures(0, 0);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = environment.shared(party.bucket);
    const counters = current(found === null ? EMPTY : found.value, nowSeconds, windowSeconds);
    let at = find(counters, party.fingerprint, nowSeconds, windowSeconds);
    const known = at >= 0;
    const full = counters.length >= COUNTERS * COUNTER_BYTES;
    const next = new Uint8Array(known || full ? counters.length : counters.length + COUNTER_BYTES);
    next.set(counters);
    if (!known) at = full ? fewest(counters) : counters.length;
    const before = known ? read(counters, at) : new Failures(0, nowSeconds + windowSeconds);
    counted = new Failures(before.count + 1, before.endSeconds);
    store<u64>(next.dataStart + at, party.fingerprint);
    store<u32>(next.dataStart + at, <u32>counted.endSeconds, 8);
    store<u32>(next.dataStart + at, counted.count, 12);
    if (environment.share(party.bucket, next, found === null ? NO_VERSION : found.version)) break;
  }
  return counted;
}

/** The counters whose window has not ended. */
function current(counters: Uint8Array, nowSeconds: i64, windowSeconds: u32): Uint8Array {
  const kept = new Uint8Array(counters.length);
  let length = 0;
  for (let at = 0; at + COUNTER_BYTES <= counters.length; at += COUNTER_BYTES) {
    if (!isOpen(counters, at, nowSeconds, windowSeconds)) continue;
    memory.copy(kept.dataStart + length, counters.dataStart + at, COUNTER_BYTES);
    length += COUNTER_BYTES;
  }
  return kept.subarray(0, length);
}

/** -1: it has not failed in this window. */
function find(counters: Uint8Array, fingerprint: u64, nowSeconds: i64, windowSeconds: u32): i32 {
  for (let at = 0; at + COUNTER_BYTES <= counters.length; at += COUNTER_BYTES) {
    if (load<u64>(counters.dataStart + at) != fingerprint) continue;
    if (isOpen(counters, at, nowSeconds, windowSeconds)) return at;
  }
  return -1;
}

/**
 * One that would end much later than any that begins now is over: the clock was set back, or the window was longer. Not so one
 * that another worker has just begun, for whom it may be a second later already.
 */
function isOpen(counters: Uint8Array, at: i32, nowSeconds: i64, windowSeconds: u32): bool {
  const end = read(counters, at).endSeconds;
  return nowSeconds < end && end <= nowSeconds + 2 * <i64>windowSeconds;
}

function fewest(counters: Uint8Array): i32 {
  let found = 0;
  for (let at = 0; at + COUNTER_BYTES <= counters.length; at += COUNTER_BYTES) {
    if (read(counters, at).count < read(counters, found).count) found = at;
  }
  return found;
}

function read(counters: Uint8Array, at: i32): Failures {
  const counter = counters.dataStart + at;
  return new Failures(load<u32>(counter, 12), <i64>load<u32>(counter, 8));
}
