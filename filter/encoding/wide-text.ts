import { startPass, trace } from "./trace";
import { writeCodePoint } from "./utf8";

const BYTE_ORDER_MARK: u32 = 0xfeff;
const REPLACEMENT_CHARACTER: u32 = 0xfffd;

/**
 * UTF-16 (RFC 2781) → UTF-8 without its byte order mark. A lone surrogate becomes three bytes that are no UTF-8, an odd
 * last byte U+FFFD.
 */
export function fromUtf16(text: Uint8Array, bigEndian: bool): Uint8Array {
  startPass();
  const length = text.length;
  const out = new Uint8Array(length + (length >> 1) + 3);
  let write = 0;
  for (let at = 0; at < length; ) {
    let size = min(2, length - at);
    let point = size < 2 ? REPLACEMENT_CHARACTER : unitAt(text, at, bigEndian);
    if ((point & 0xfc00) == 0xd800 && at + 4 <= length) {
      const low = unitAt(text, at + 2, bigEndian);
      if ((low & 0xfc00) == 0xdc00) {
        point = 0x10000 + ((point & 0x3ff) << 10) + (low & 0x3ff);
        size = 4;
      }
    }
    write = put(out, write, point, at, size);
    at += size;
  }
  return out.subarray(0, write);
}

/** UTF-32 → UTF-8 without its byte order mark; what is no code point becomes U+FFFD. */
export function fromUtf32(text: Uint8Array, bigEndian: bool): Uint8Array {
  startPass();
  const length = text.length;
  const out = new Uint8Array(length + 4);
  let write = 0;
  for (let at = 0; at < length; at += 4) {
    const whole = at + 4 <= length;
    const loaded = whole ? load<u32>(text.dataStart + at) : 0xffffffff;
    const point = bigEndian ? bswap<u32>(loaded) : loaded;
    write = put(out, write, point < 0x110000 ? point : REPLACEMENT_CHARACTER, at, min(4, length - at));
  }
  return out.subarray(0, write);
}

function put(out: Uint8Array, write: i32, point: u32, at: i32, size: i32): i32 {
  const next = at == 0 && point == BYTE_ORDER_MARK ? 0 : writeCodePoint(point, out, write);
  if (trace !== null) trace!.replaced(at, at + size, write, next);
  return next;
}

function unitAt(text: Uint8Array, at: i32, bigEndian: bool): u32 {
  const unit = load<u16>(text.dataStart + at);
  return bigEndian ? bswap<u16>(unit) : unit;
}
