import { MAX_JSON_DEPTH } from "../encoding/json";
import { ordinal } from "./ordinal";

/** A label has room for no more. */
const MAX_BYTES = 96;
const SLASH: u8 = 0x2f;
const TILDE: u8 = 0x7e;
const ELEMENT = -1;

/** Where a JSON reader stands, as a pointer (RFC 6901) over raw names. */
export class JsonPosition {
  /** For each depth the range of the current member's name, or `ELEMENT` and the current element's index. */
  private readonly starts: StaticArray<i32> = new StaticArray<i32>(MAX_JSON_DEPTH + 1);
  private readonly ends: StaticArray<i32> = new StaticArray<i32>(MAX_JSON_DEPTH + 1);
  private readonly scratch: Uint8Array = new Uint8Array(MAX_BYTES);

  constructor(private readonly text: Uint8Array) {}

  enter(depth: i32, array: bool): void {
    this.starts[depth] = array ? ELEMENT : 0;
    this.ends[depth] = array ? -1 : 0;
  }

  member(depth: i32, start: i32, end: i32): void {
    this.starts[depth] = start;
    this.ends[depth] = end;
  }

  /** A value begins directly in the container at `depth`. */
  value(depth: i32): void {
    if (this.starts[depth] == ELEMENT) this.ends[depth] += 1;
  }

  /** The pointer to the value directly in the container at `depth`, cut at 96 bytes. */
  pointer(depth: i32): Uint8Array {
    const scratch = this.scratch;
    let length = 0;
    for (let level = 1; level <= depth && length < MAX_BYTES; level++) {
      unchecked((scratch[length++] = SLASH));
      const element = this.starts[level] == ELEMENT;
      const name = element ? ordinal(this.ends[level]) : this.text;
      const end = element ? name.length : this.ends[level];
      for (let i = element ? 0 : this.starts[level]; i < end && length < MAX_BYTES; i++) {
        const byte = unchecked(name[i]);
        const escaped = byte == SLASH || byte == TILDE;
        unchecked((scratch[length++] = escaped ? TILDE : byte));
        if (escaped && length < MAX_BYTES) unchecked((scratch[length++] = byte == SLASH ? 0x31 : 0x30));
      }
    }
    return scratch.slice(0, length);
  }
}
