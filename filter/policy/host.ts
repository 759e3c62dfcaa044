/** Longest name that there is: RFC 1035 section 2.3.4. */
const MAXIMUM_HOST: i32 = 255;

/** The host that `foldHost` folded last. */
export const foldedHost: usize = memory.data(256);

/**
 * Writes the name of an authority (RFC 3986 section 3.2) to `foldedHost`: ASCII lower case, without port and without the
 * root's dot. Gives its length; 0: there is none; -1: it is too long to be one.
 */
export function foldHost(authority: Uint8Array): i32 {
  let length = nameLength(authority);
  if (length > 1 && at(authority, length - 1) == 0x2e) length--;
  if (length > MAXIMUM_HOST) return -1;
  for (let i = 0; i < length; i++) {
    const byte = at(authority, i);
    store<u8>(foldedHost + i, byte - 0x41 < 26 ? byte | 0x20 : byte);
  }
  return length;
}

/** Up to the colon before a port of digits, or before none; a colon within brackets belongs to an address. */
function nameLength(authority: Uint8Array): i32 {
  let end = authority.length;
  while (end > 0 && at(authority, end - 1) - 0x30 < 10) end--;
  if (end == 0 || at(authority, end - 1) != 0x3a) return authority.length;
  return end - 1;
}

function at(bytes: Uint8Array, index: i32): u8 {
  return load<u8>(bytes.dataStart + index);
}
