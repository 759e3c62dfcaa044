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
  for (let i = 0; i < bytes.length; i++) {
    const byte: u32 = unchecked(bytes[i]);
    unchecked((text[i * 2] = digit(byte >> 4)));
    unchecked((text[i * 2 + 1] = digit(byte & 15)));
  }
  return text;
}

function digit(value: u32): u8 {
  return <u8>(value < 10 ? 0x30 + value : 0x57 + value);
}
