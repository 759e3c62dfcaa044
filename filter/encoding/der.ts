const LONG_LENGTH: i32 = 0x80;
/** Lengths of up to three bytes: 16 MiB. */
const LENGTH_BYTES: i32 = 3;

/** Walks the elements of a value in DER (X.690 section 8.1), one after the other. */
export class DerReader {
  /** Of the last element. */
  tag: u8 = 0;
  content: Uint8Array;
  /** Something is no element: there are no more. */
  malformed: bool = false;
  private at: i32 = 0;

  constructor(private readonly elements: Uint8Array) {
    this.content = elements.subarray(0, 0);
  }

  /** False: that was the last one. */
  next(): bool {
    const elements = this.elements;
    if (this.at == elements.length || this.malformed) return false;
    this.malformed = true;
    if (this.at + 2 > elements.length) return false;
    this.tag = unchecked(elements[this.at]);
    let length: i32 = unchecked(elements[this.at + 1]);
    let start = this.at + 2;
    if (length >= LONG_LENGTH) {
      const bytes = length - LONG_LENGTH;
      if (bytes == 0 || bytes > LENGTH_BYTES || start + bytes > elements.length) return false;
      length = 0;
      for (const end = start + bytes; start < end; start++) length = (length << 8) | unchecked(elements[start]);
    }
    if (length > elements.length - start) return false;
    this.content = elements.subarray(start, start + length);
    this.at = start + length;
    this.malformed = false;
    return true;
  }

  /** The next element, which is to have this tag; empty: it has another one, or there is none. */
  take(tag: u8): Uint8Array {
    return this.next() && this.tag == tag ? this.content : this.elements.subarray(0, 0);
  }
}
