const HYPHEN: u8 = 0x2d;
const UNDERSCORE: u8 = 0x5f;

/** Whether a field's name reads as another, `_` and `-` being one: CGI-like upstreams have no other way to read them. */
export function readsLike(name: Uint8Array, other: Uint8Array): bool {
  return name.length == other.length && beginsLike(name, other);
}

export function beginsLike(name: Uint8Array, prefix: Uint8Array): bool {
  const length = prefix.length;
  if (name.length < length) return false;
  for (let i = 0; i < length; i++) {
    if (hyphenated(unchecked(name[i])) != hyphenated(unchecked(prefix[i]))) return false;
  }
  return true;
}

function hyphenated(byte: u8): u8 {
  return byte == UNDERSCORE ? HYPHEN : byte;
}
