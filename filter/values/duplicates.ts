import { hexDigit } from "../encoding/hex";
import { Collector } from "./collector";
import { Container } from "./container";
import { Pieces } from "./pieces";
import { Source } from "./source";
import { ValueKind } from "./value";

/** As many as there can be values of their own, and a little more. */
const MAX_PARAMETERS = 512;
const SLOTS = 2 * MAX_PARAMETERS;
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

/** For each hash of a name the last parameter of that name and one; one list at a time uses these, and leaves them 0. */
const slots = new StaticArray<i32>(SLOTS);
/** Of each parameter of the list: its name's and its value's range, and the next one of the same name (0: none). */
const nameStarts = new StaticArray<i32>(MAX_PARAMETERS);
const nameEnds = new StaticArray<i32>(MAX_PARAMETERS);
const valueStarts = new StaticArray<i32>(MAX_PARAMETERS);
const valueEnds = new StaticArray<i32>(MAX_PARAMETERS);
const next = new StaticArray<i32>(MAX_PARAMETERS);
/** Of the first one of a name its slot, of others -1. */
const slotOf = new StaticArray<i32>(MAX_PARAMETERS);

/**
 * Parameters that come more than once in one list: some frameworks take the first, some the last, and some all, joined
 * by commas, so that an attack may be cut into pieces each of which is harmless. Lists of numbers, words and dates are
 * none: some piece must hold a byte of syntax.
 */
export class Duplicates {
  private count: i32 = 0;
  private found: bool = false;

  constructor(private readonly source: Source) {}

  /** What is beyond the first 512 of a list is not looked at. */
  add(nameStart: i32, nameEnd: i32, start: i32, end: i32): void {
    if (this.count == MAX_PARAMETERS) return;
    const index = this.count++;
    let slot = this.hash(nameStart, nameEnd);
    let last = unchecked(slots[slot]) - 1;
    while (last >= 0 && !this.sameName(last, nameStart, nameEnd)) {
      slot = (slot + 1) & (SLOTS - 1);
      last = unchecked(slots[slot]) - 1;
    }
    if (last >= 0) {
      unchecked((next[last] = index));
      this.found = true;
    }
    unchecked((slots[slot] = index + 1));
    unchecked((slotOf[index] = last < 0 ? slot : -1));
    unchecked((next[index] = 0));
    unchecked((nameStarts[index] = nameStart));
    unchecked((nameEnds[index] = nameEnd));
    unchecked((valueStarts[index] = start));
    unchecked((valueEnds[index] = end));
  }

  /** Gives what comes more than once as one more value each. To be called once, at the end. */
  collect(collector: Collector, kind: ValueKind, owner: Uint8Array | null): void {
    for (let i = 0; i < this.count; i++) if (slotOf[i] >= 0) slots[slotOf[i]] = 0;
    if (!this.found) return;
    for (let i = 0; i < this.count; i++) {
      if (slotOf[i] < 0 || next[i] == 0) continue;
      const pieces = new Pieces(COMMA);
      let suspicious = false;
      let at = i;
      do {
        pieces.add(this.source, valueStarts[at], valueEnds[at], Container.Raw);
        suspicious = suspicious || this.hasSyntax(valueStarts[at], valueEnds[at]);
        at = next[at];
      } while (at != 0);
      if (!suspicious) continue;
      const name = owner !== null ? owner : this.source.text.subarray(nameStarts[i], nameEnds[i]);
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
    const other = unchecked(nameStarts[index]);
    if (unchecked(nameEnds[index]) - other != end - start) return false;
    const data = this.source.text.dataStart;
    return memory.compare(data + other, data + start, end - start) == 0;
  }
}
