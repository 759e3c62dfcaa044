import { hexDigit } from "../encoding/hex";
import { rewrite } from "../encoding/rewrite";

const EQUALS: u8 = 0x3d;
const CARRIAGE_RETURN: u8 = 0x0d;
const LINE_FEED: u8 = 0x0a;

/** Quoted-printable (RFC 2045, section 6.7) in the first `length` bytes, in place; what is none stays. Gives the new length. */
export function decodeQuotedPrintable(text: Uint8Array, length: i32): i32 {
  const pass = rewrite(text, length);
  while (pass.seek(EQUALS, EQUALS)) {
    const at = pass.read;
    const next: u8 = at + 1 < length ? unchecked(text[at + 1]) : 0;
    const after: u8 = at + 2 < length ? unchecked(text[at + 2]) : 0;
    const high = hexDigit(next);
    const low = hexDigit(after);
    if (next == LINE_FEED) pass.drop(2);
    else if (next == CARRIAGE_RETURN && after == LINE_FEED) pass.drop(3);
    else if ((high | low) >= 0) pass.put(<u8>((high << 4) | low), 3);
    else pass.keep();
  }
  return pass.finish();
}
