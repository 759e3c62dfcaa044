import { hexDigit } from "../encoding/hex";
import { Collector } from "./collector";
import { Container } from "./container";
import { Pieces } from "./pieces";
import { Source } from "./source";
import { ValueKind } from "./value";

/** Twice as many slots as there can be values of their own. */
const SLOTS = 1024;
const COMMA: u8 = 0x2c;
const PERCENT: u8 = 0x25;
/** FNV-1a. */
const OFFSET_BASIS: u32 = 2166136261;
const PRIME: u32 = 16777619;

/** Bytes that an attack cannot do without: a list of numbers, words, dates or paths has none of them. */
const syntax = new StaticArray<bool>(256);

function fillSyntax(): void {
  const bytes = "!\"#$%&'()*;<=>?@[\\]^`{|}";
  for (let i = 0; i < bytes.length; i++) syntax[bytes.charCodeAt(i)] = true;
}
fillSyntax();

/** For each hash of a name the last parameter of that name and one; one list at a time uses them. */
const slots = new StaticArray<i32>(SLOTS);

/**
 * Parameters that come more than once in one list: some frameworks take the first, some the last, and some all, joined
 * by commas, so that an attack may be cut into pieces each of which is harmless. Lists of numbers, words and dates are
 * none: some piece must hold a byte of syntax.
 */
export class Duplicates {
  /** For each parameter its name's and its value's range, and the next one of the same name (0: none); of the first one also whether it is. */
  private readonly names: i32[] = [];
  private readonly values: i32[] = [];
  private readonly next: i32[] = [];
  private readonly first: bool[] = [];
  private readonly suspicious: bool[] = [];
  private found: bool = false;

  constructor(private readonly source: Source) {
    memory.fill(changetype<usize>(slots), 0, SLOTS * sizeof<i32>());
  }

  /** At most 512 of a list. */
  add(nameStart: i32, nameEnd: i32, start: i32, end: i32): void {
    const index = this.next.length;
    let slot = this.hash(nameStart, nameEnd);
    let last = unchecked(slots[slot]) - 1;
    while (last >= 0 && !this.sameName(last, nameStart, nameEnd)) {
      slot = (slot + 1) & (SLOTS - 1);
      last = unchecked(slots[slot]) - 1;
    }
    if (last >= 0) {
      this.next[last] = index;
      this.found = true;
    }
    unchecked((slots[slot] = index + 1));
    this.first.push(last < 0);
    this.suspicious.push(this.hasSyntax(start, end));
    this.next.push(0);
    this.names.push(nameStart);
    this.names.push(nameEnd);
    this.values.push(start);
    this.values.push(end);
  }

  /** Gives what comes more than once as one more value each. */
  collect(collector: Collector, kind: ValueKind, owner: Uint8Array | null): void {
    if (!this.found) return;
    for (let i = 0; i < this.first.length; i++) {
      if (!this.first[i] || this.next[i] == 0) continue;
      const pieces = new Pieces(COMMA);
      let suspicious = false;
      let at = i;
      do {
        pieces.add(this.source, this.values[at * 2], this.values[at * 2 + 1], Container.Raw);
        suspicious = suspicious || this.suspicious[at];
        at = this.next[at];
      } while (at != 0);
      if (!suspicious) continue;
      const name = owner !== null ? owner : this.source.text.subarray(this.names[i * 2], this.names[i * 2 + 1]);
      collector.addJoined(kind, name, pieces, Container.PlusPercent);
    }
  }

  private hasSyntax(start: i32, end: i32): bool {
    const text = this.source.text;
    for (let i = start; i < end; i++) {
      let byte = unchecked(text[i]);
      if (byte == PERCENT && i + 2 < end) {
        const high = hexDigit(unchecked(text[i + 1]));
        const low = hexDigit(unchecked(text[i + 2]));
        if ((high | low) >= 0) byte = <u8>((high << 4) | low);
        i += 2;
      }
      if (unchecked(syntax[byte])) return true;
    }
    return false;
  }

  private hash(start: i32, end: i32): i32 {
    let hash = OFFSET_BASIS;
    for (let i = start; i < end; i++) hash = (hash ^ unchecked(this.source.text[i])) * PRIME;
    return <i32>((hash ^ (hash >> 16)) & (SLOTS - 1));
  }

  private sameName(index: i32, start: i32, end: i32): bool {
    const other = this.names[index * 2];
    if (this.names[index * 2 + 1] - other != end - start) return false;
    const data = this.source.text.dataStart;
    return memory.compare(data + other, data + start, end - start) == 0;
  }
}
