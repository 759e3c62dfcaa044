const MARK_BYTES: i32 = 16;
/** A mark, and the u32 Unix second before which its tokens were issued that are revoked. */
const ENTRY_BYTES: i32 = 20;
const ANY_TIME: u32 = 0xffffffff;
const MAX_REVOCATIONS: i32 = 10_000;

/** What is revoked, sorted by marks (`inference-sidecar/src/revocation/entries.ts` writes them); never changed, only replaced. */
export class RevocationList {
  static readonly NONE: RevocationList = new RevocationList(new Uint8Array(0), 0);

  private constructor(
    private readonly entries: Uint8Array,
    /** When its file was written, Unix milliseconds; 0: it has none. */
    public readonly writtenMillis: i64,
  ) {}

  /** null: not whole entries, too many of them, or not sorted. */
  static read(entries: Uint8Array, writtenMillis: i64): RevocationList | null {
    const count = entries.length / ENTRY_BYTES;
    if (count * ENTRY_BYTES != entries.length || count > MAX_REVOCATIONS) return null;
    for (let i = 1; i < count; i++) {
      const entry = entries.dataStart + i * ENTRY_BYTES;
      if (memory.compare(entry - ENTRY_BYTES, entry, MARK_BYTES) >= 0) return null;
    }
    return new RevocationList(entries, writtenMillis);
  }

  get isEmpty(): bool {
    return this.entries.length == 0;
  }

  /** Whether a token with one of these marks (16 bytes each) that was issued then (Unix milliseconds; 0: unknown) is revoked. */
  revokes(marks: Uint8Array, issuedAtMillis: i64): bool {
    for (let at = 0; at + MARK_BYTES <= marks.length; at += MARK_BYTES) {
      const before = this.before(marks.dataStart + at);
      if (before == ANY_TIME || issuedAtMillis < <i64>before * 1000) return true;
    }
    return false;
  }

  /** 0: the mark is not on the list. */
  private before(mark: usize): u32 {
    let low = 0;
    let high = this.entries.length / ENTRY_BYTES;
    while (low < high) {
      const middle = low + ((high - low) >> 1);
      const entry = this.entries.dataStart + middle * ENTRY_BYTES;
      const order = memory.compare(entry, mark, MARK_BYTES);
      if (order == 0) return load<u32>(entry, MARK_BYTES);
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return 0;
  }
}
