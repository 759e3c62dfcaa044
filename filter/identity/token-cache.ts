import { constantTimeEqual } from "../crypto/constant-time";
import { TokenOutcome } from "./token-outcome";
import { judgeTime } from "./validity";
import { VerifiedToken } from "./verified-token";

/** 32 sets of 16 make 512 entries; 32 KiB for each set make 1 MiB. */
const SETS: i32 = 32;
const WAYS: i32 = 16;
const MAX_SET_BYTES: i32 = 32 * 1024;
/** The bytes at a token's end that choose its set. */
const HASHED_BYTES: i32 = 16;

class Entry {
  lastUsed: u64 = 0;

  constructor(
    public readonly token: Uint8Array,
    public readonly hash: u32,
    public readonly verified: VerifiedToken,
    /** Bytes of memory, at most. */
    public readonly weight: i32,
  ) {}
}

/**
 * Tokens that were verified under one policy: make a new cache for a new policy. Set-associative, so that a look-up, an
 * insertion and an eviction cost the same however full it is. Whole tokens are compared; the hash only finds the set. It
 * is taken over the end of the signature, which no client can choose for a token that verifies.
 */
export class TokenCache {
  private readonly entries: StaticArray<Entry | null> = new StaticArray<Entry | null>(SETS * WAYS);
  private readonly setBytes: StaticArray<i32> = new StaticArray<i32>(SETS);
  private useCount: u64 = 0;

  /** null: not known, or verified with a key that is no longer its issuer's. The caller judges the times again at each hit. */
  get(token: Uint8Array): VerifiedToken | null {
    const hash = hashOf(token);
    const first = firstOfSet(hash);
    for (let i = first; i < first + WAYS; i++) {
      const entry = unchecked(this.entries[i]);
      if (entry === null || entry.hash != hash || !constantTimeEqual(entry.token, token)) continue;
      if (entry.verified.isOutdated) continue;
      entry.lastUsed = ++this.useCount;
      return entry.verified;
    }
    return null;
  }

  /**
   * Keeps a copy of `token`, which `get` did not know. What has expired makes room first, then what was used least
   * recently; a token that is not valid now only takes free room or that of another such, so that old tokens in any
   * number evict no current one.
   */
  put(token: Uint8Array, verified: VerifiedToken, nowMillis: i64): void {
    const weight = token.length + verified.claims.weight;
    if (weight > MAX_SET_BYTES) return;
    const hash = hashOf(token);
    const set = setOf(hash);
    const current = judgeTime(verified, nowMillis) == TokenOutcome.VALID;
    while (this.freeWay(set) < 0 || unchecked(this.setBytes[set]) + weight > MAX_SET_BYTES) {
      const victim = this.victim(set, current, nowMillis);
      if (victim < 0) return;
      this.remove(victim, set);
    }
    const entry = new Entry(token.slice(), hash, verified, weight);
    entry.lastUsed = ++this.useCount;
    unchecked((this.entries[this.freeWay(set)] = entry));
    unchecked((this.setBytes[set] += weight));
  }

  get size(): i32 {
    let count = 0;
    for (let i = 0; i < SETS * WAYS; i++) count += i32(unchecked(this.entries[i]) !== null);
    return count;
  }

  get byteLength(): i32 {
    let total = 0;
    for (let set = 0; set < SETS; set++) total += unchecked(this.setBytes[set]);
    return total;
  }

  private freeWay(set: i32): i32 {
    for (let i = set * WAYS; i < (set + 1) * WAYS; i++) {
      if (unchecked(this.entries[i]) === null) return i;
    }
    return -1;
  }

  /** An entry that is not valid now; else, for a current token, the one used least recently; else -1. */
  private victim(set: i32, current: bool, nowMillis: i64): i32 {
    let oldest = -1;
    let oldestUse: u64 = u64.MAX_VALUE;
    for (let i = set * WAYS; i < (set + 1) * WAYS; i++) {
      const entry = unchecked(this.entries[i]);
      if (entry === null) continue;
      if (entry.verified.isOutdated || judgeTime(entry.verified, nowMillis) != TokenOutcome.VALID) return i;
      if (entry.lastUsed < oldestUse) {
        oldest = i;
        oldestUse = entry.lastUsed;
      }
    }
    return current ? oldest : -1;
  }

  private remove(index: i32, set: i32): void {
    const entry = unchecked(this.entries[index]);
    if (entry === null) return;
    unchecked((this.setBytes[set] -= entry.weight));
    unchecked((this.entries[index] = null));
  }
}

/** FNV-1a over the last bytes. */
function hashOf(token: Uint8Array): u32 {
  let hash: u32 = 0x811c9dc5;
  for (let i = max(0, token.length - HASHED_BYTES); i < token.length; i++) {
    hash = (hash ^ unchecked(token[i])) * 0x01000193;
  }
  return hash;
}

function setOf(hash: u32): i32 {
  return <i32>((hash ^ (hash >> 16)) & (SETS - 1));
}

function firstOfSet(hash: u32): i32 {
  return setOf(hash) * WAYS;
}
