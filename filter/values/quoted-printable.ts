import { hexDigit } from "../encoding/hex";

const EQUALS: u8 = 0x3d;
const CARRIAGE_RETURN: u8 = 0x0d;
const LINE_FEED: u8 = 0x0a;

/** Quoted-printable (RFC 2045, section 6.7) in the first `length` bytes, in place; what is none stays. Gives the new length. */
export function decodeQuotedPrintable(text: Uint8Array, length: i32): i32 {
  let read = 0;
  let write = 0;
  while (read < length) {
    const byte = unchecked(text[read++]);
    if (byte == EQUALS && read < length) {
      const next = unchecked(text[read]);
      const after: u8 = read + 1 < length ? unchecked(text[read + 1]) : 0;
      if (next == LINE_FEED || (next == CARRIAGE_RETURN && after == LINE_FEED)) {
        read += next == LINE_FEED ? 1 : 2;
        continue;
      }
      const high = hexDigit(next);
      const low = hexDigit(after);
      if ((high | low) >= 0) {
        unchecked((text[write++] = <u8>((high << 4) | low)));
        read += 2;
        continue;
      }
    }
    unchecked((text[write++] = byte));
  }
  return write;
}
