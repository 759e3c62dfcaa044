const NOT_IN_ALPHABET: u8 = 0xff;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BASE64URL = alphabet(0x2d, 0x5f);
const EITHER = eitherAlphabet();

/**
 * base64url as RFC 7515 section 2 has it: no padding, no white space, no other alphabet; the unused bits of the last
 * character must be zero, so that no two texts decode to the same bytes. null: it is something else.
 */
export function decodeBase64Url(text: Uint8Array): Uint8Array | null {
  return decode(text, text.length, BASE64URL, true);
}

/** base64url without padding (RFC 7515 section 2). */
export function encodeBase64Url(bytes: Uint8Array): Uint8Array {
  const whole = bytes.length / 3;
  const rest = bytes.length - whole * 3;
  const text = new Uint8Array(whole * 4 + (rest == 0 ? 0 : rest + 1));
  for (let i = 0, at = 0; at < text.length; i += 3, at += 4) {
    let group: u32 = 0;
    for (let j = 0; j < 3; j++) group = (group << 8) | (i + j < bytes.length ? unchecked(bytes[i + j]) : 0);
    for (let j = 0; j < 4 && at + j < text.length; j++) {
      unchecked((text[at + j] = <u8>ALPHABET.charCodeAt((group >> (18 - 6 * j)) & 63)));
    }
  }
  return text;
}

/**
 * base64 of the standard or the url alphabet (RFC 4648 sections 4 and 5), padding whole or absent, no white space.
 * Both alphabets may be mixed and unused bits may be set, because decoders in the field let both pass.
 * null: it does not decode.
 */
export function decodeBase64(text: Uint8Array): Uint8Array | null {
  let length = text.length;
  if (length > 0 && (length & 3) == 0 && unchecked(text[length - 1]) == 0x3d) {
    length -= 1;
    if (unchecked(text[length - 1]) == 0x3d) length -= 1;
  }
  return decode(text, length, EITHER, false);
}

function decode(text: Uint8Array, length: i32, values: StaticArray<u8>, canonical: bool): Uint8Array | null {
  const rest = length & 3;
  if (rest == 1) return null;
  const whole = length - rest;
  const bytes = new Uint8Array((whole >> 2) * 3 + (rest == 0 ? 0 : rest - 1));
  let from = text.dataStart;
  let to = bytes.dataStart;
  for (const end = from + whole; from < end; from += 4, to += 3) {
    const a: u32 = unchecked(values[load<u8>(from)]);
    const b: u32 = unchecked(values[load<u8>(from, 1)]);
    const c: u32 = unchecked(values[load<u8>(from, 2)]);
    const d: u32 = unchecked(values[load<u8>(from, 3)]);
    if ((a | b | c | d) == NOT_IN_ALPHABET) return null;
    const group = (a << 18) | (b << 12) | (c << 6) | d;
    store<u8>(to, group >> 16);
    store<u8>(to, group >> 8, 1);
    store<u8>(to, group, 2);
  }
  if (rest == 0) return bytes;
  const a: u32 = unchecked(values[load<u8>(from)]);
  const b: u32 = unchecked(values[load<u8>(from, 1)]);
  const c: u32 = rest == 3 ? unchecked(values[load<u8>(from, 2)]) : 0;
  if ((a | b | c) == NOT_IN_ALPHABET) return null;
  const group = (a << 18) | (b << 12) | (c << 6);
  if (canonical && (group & (rest == 2 ? 0xffff : 0xff)) != 0) return null;
  store<u8>(to, group >> 16);
  if (rest == 3) store<u8>(to, group >> 8, 1);
  return bytes;
}

function alphabet(value62: u8, value63: u8): StaticArray<u8> {
  const values = new StaticArray<u8>(256);
  values.fill(NOT_IN_ALPHABET);
  for (let i = 0; i < 26; i++) {
    values[0x41 + i] = <u8>i;
    values[0x61 + i] = <u8>(26 + i);
  }
  for (let i = 0; i < 10; i++) values[0x30 + i] = <u8>(52 + i);
  values[value62] = 62;
  values[value63] = 63;
  return values;
}

function eitherAlphabet(): StaticArray<u8> {
  const values = alphabet(0x2b, 0x2f);
  values[0x2d] = 62;
  values[0x5f] = 63;
  return values;
}
