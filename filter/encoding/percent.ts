import { hexDigit } from "./hex";
import { rewrite } from "./rewrite";
import { startPass, trace } from "./trace";

const PERCENT: u8 = 0x25;
const PLUS: u8 = 0x2b;
const SPACE: u8 = 0x20;

/**
 * Percent-decoding (RFC 3986, section 2.1) of the first `length` bytes in place: `%` and two hexadecimal digits become
 * their byte, anything else stays. Gives the new length; an unchanged length means unchanged bytes.
 */
export function decodePercent(text: Uint8Array, length: i32): i32 {
  const pass = rewrite(text, length);
  while (pass.seek(PERCENT, PERCENT)) {
    const at = pass.read;
    const high = at + 2 < length ? hexDigit(unchecked(text[at + 1])) : -1;
    const low = high >= 0 ? hexDigit(unchecked(text[at + 2])) : -1;
    if (low >= 0) pass.put(<u8>((high << 4) | low), 3);
    else pass.keep();
  }
  return pass.finish();
}

/**
 * The same of a text that stays, in one pass with `+` → space where it is of a `form` (application/x-www-form-urlencoded).
 */
export function percentDecoded(raw: Uint8Array, form: bool): Uint8Array {
  startPass();
  const length = raw.length;
  const text = new Uint8Array(length);
  const from = raw.dataStart;
  const to = text.dataStart;
  const plus = form ? PLUS : PERCENT;
  const percents = i8x16.splat(PERCENT);
  const pluses = i8x16.splat(plus);
  let read = 0;
  let write = 0;
  while (read < length) {
    if (read + 16 <= length) {
      const chunk = v128.load(from + read);
      v128.store(to + write, v128.bitselect(i8x16.splat(SPACE), chunk, i8x16.eq(chunk, pluses)));
      const mask = i8x16.bitmask(i8x16.eq(chunk, percents));
      const kept = mask == 0 ? 16 : ctz(mask);
      read += kept;
      write += kept;
      if (mask == 0) continue;
    }
    const byte = load<u8>(from + read);
    const escapes = byte == PERCENT && read + 2 < length;
    const high = escapes ? hexDigit(load<u8>(from + read, 1)) : -1;
    const low = high >= 0 ? hexDigit(load<u8>(from + read, 2)) : -1;
    if (low >= 0) {
      store<u8>(to + write, <u8>((high << 4) | low));
      if (trace !== null) trace!.replaced(read, read + 3, write, write + 1);
      read += 3;
    } else {
      store<u8>(to + write, byte == PLUS && form ? SPACE : byte);
      read += 1;
    }
    write += 1;
  }
  return text.subarray(0, write);
}
