import { equal } from "proxy-wasm-as/bytes";

/** 256 sets of 4 make 1,024 assertions; 4 KiB for each set make 1 MiB. */
const SETS: i32 = 256;
const WAYS: i32 = 4;
const MAX_SET_BYTES: i32 = 4 * 1024;

export class SignedAssertion {
  constructor(
    public readonly claims: Uint8Array,
    public readonly token: Uint8Array,
    public readonly expiresSeconds: i64,
  ) {}

  get byteLength(): i32 {
    return this.claims.length + this.token.length;
  }
}

/** Assertions that were signed under one policy, by their claims without times. Set-associative; the oldest makes room. */
export class AssertionCache {
  private readonly entries: StaticArray<SignedAssertion | null> = new StaticArray<SignedAssertion | null>(SETS * WAYS);

  find(claims: Uint8Array): SignedAssertion | null {
    const first = firstOfSet(claims);
    for (let i = first; i < first + WAYS; i++) {
      const entry = unchecked(this.entries[i]);
      if (entry !== null && equal(entry.claims, claims)) return entry;
    }
    return null;
  }

  /** Keeps copies. What is larger than a set is not kept. */
  put(claims: Uint8Array, token: Uint8Array, expiresSeconds: i64): void {
    const made = new SignedAssertion(claims.slice(), token.slice(), expiresSeconds);
    if (made.byteLength > MAX_SET_BYTES) return;
    const first = firstOfSet(claims);
    const before = this.entries.slice<StaticArray<SignedAssertion | null>>(first, first + WAYS);
    let bytes = made.byteLength;
    let kept = 1;
    unchecked((this.entries[first] = made));
    // The newest stand first; those go that there is no room for.
    for (let i = 0; i < WAYS && kept < WAYS; i++) {
      const entry = before[i];
      if (entry === null || equal(entry.claims, claims) || bytes + entry.byteLength > MAX_SET_BYTES) continue;
      unchecked((this.entries[first + kept++] = entry));
      bytes += entry.byteLength;
    }
    for (; kept < WAYS; kept++) unchecked((this.entries[first + kept] = null));
  }

  get size(): i32 {
    let count = 0;
    for (let i = 0; i < SETS * WAYS; i++) count += i32(unchecked(this.entries[i]) !== null);
    return count;
  }

  get byteLength(): i32 {
    let total = 0;
    for (let i = 0; i < SETS * WAYS; i++) {
      const entry = unchecked(this.entries[i]);
      if (entry !== null) total += entry.byteLength;
    }
    return total;
  }
}

/** FNV-1a over all of the claims. */
function firstOfSet(claims: Uint8Array): i32 {
  let hash: u32 = 0x811c9dc5;
  for (let i = 0; i < claims.length; i++) hash = (hash ^ unchecked(claims[i])) * 0x01000193;
  return <i32>((hash ^ (hash >> 16)) & (SETS - 1)) * WAYS;
}
