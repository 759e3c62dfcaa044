/** Value of a hexadecimal digit of either case, 0 to 15; -1: it is none. */
export function hexDigit(byte: u32): i32 {
  if (byte - 0x30 < 10) return <i32>(byte - 0x30);
  const letter = byte | 0x20;
  if (letter - 0x61 < 6) return <i32>(letter - 0x61) + 10;
  return -1;
}

/** The bytes of hexadecimal digits of either case, two a byte; empty: it is something else. */
export function decodeHex(text: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(text.length >> 1);
  let bad = text.length & 1;
  for (let i = 0; i < bytes.length; i++) {
    const value = (hexDigit(unchecked(text[2 * i])) << 4) | hexDigit(unchecked(text[2 * i + 1]));
    bad |= value >> 8;
    unchecked((bytes[i] = <u8>value));
  }
  return bad == 0 ? bytes : new Uint8Array(0);
}

/** Lower-case hexadecimal, two digits a byte (RFC 4648 section 8, but lower case). */
export function encodeHex(bytes: Uint8Array): Uint8Array {
  const text = new Uint8Array(bytes.length * 2);
  const end = bytes.dataStart + bytes.length;
  let to = text.dataStart;
  for (let from = bytes.dataStart; from < end; from++, to += 2) {
    const byte = load<u8>(from);
    store<u8>(to, digit(byte >> 4));
    store<u8>(to, digit(byte & 15), 1);
  }
  return text;
}

function digit(value: u32): u32 {
  return value < 10 ? 0x30 + value : 0x57 + value;
}
