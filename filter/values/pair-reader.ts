import { findByte, findEither } from "../encoding/find-byte";

const AMPERSAND: u8 = 0x26;
const EQUALS: u8 = 0x3d;

/** Reads `name=value` between `&`, one after the other. `;` separates nothing: it would cut `a;cat /etc/passwd` in two. */
export class PairReader {
  /** Of the pair that was read: where it begins, where its name ends (there where it has none), its value's range. */
  start: i32 = 0;
  nameEnd: i32 = 0;
  value: i32 = 0;
  end: i32 = 0;

  constructor(
    /** Where the next one begins. */
    public next: i32,
  ) {}

  /** Reads the next pair of a text, which ends at `limit` at the latest. */
  read(text: Uint8Array, limit: i32): void {
    const start = this.next;
    const mark = findEither(text, start, limit, AMPERSAND, EQUALS);
    const isNamed = mark < limit && unchecked(text[mark]) == EQUALS;
    const end = isNamed ? findByte(text, mark + 1, limit, AMPERSAND) : mark;
    this.start = start;
    this.nameEnd = isNamed ? mark : start;
    this.value = isNamed ? mark + 1 : start;
    this.end = end;
    this.next = end + 1;
  }
}
