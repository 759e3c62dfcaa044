import { isBase64Byte } from "./base64-text";
import { isWhitespace } from "./spacing";

/** What the bytes of a text have among them, as a mask: one pass tells which decoders can find something. */
export const enum ByteTrait {
  Percent = 1,
  Plus = 2,
  Ampersand = 4,
  Backslash = 8,
  /** A lead byte of UTF-8, or one that can only be overlong. */
  Lead = 16,
  Comma = 32,
  Slash = 64,
  Whitespace = 128,
  /** A byte that base64 has no use for. */
  NotBase64 = 256,
}

const traits = new StaticArray<u32>(256);

function fillTraits(): void {
  for (let i = 0; i < 256; i++) {
    let trait: u32 = i >= 0xc0 ? ByteTrait.Lead : 0;
    if (isWhitespace(<u8>i)) trait |= ByteTrait.Whitespace;
    if (!isBase64Byte(<u8>i) && i != 0x3d) trait |= ByteTrait.NotBase64;
    traits[i] = trait;
  }
  traits[0x25] |= ByteTrait.Percent;
  traits[0x2b] |= ByteTrait.Plus;
  traits[0x26] |= ByteTrait.Ampersand;
  traits[0x5c] |= ByteTrait.Backslash;
  traits[0x2c] |= ByteTrait.Comma;
  traits[0x2f] |= ByteTrait.Slash;
}
fillTraits();

/** The traits of the first `length` bytes. */
export function traitsOf(text: Uint8Array, length: i32): u32 {
  let mask: u32 = 0;
  for (let i = 0; i < length; i++) mask |= unchecked(traits[unchecked(text[i])]);
  return mask;
}
