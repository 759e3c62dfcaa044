import { isLetterOrDigit } from "../encoding/letter-or-digit";

const HYPHEN: u8 = 0x2d;

/**
 * Whether a field's name reads as another, all signs being one: to CGI-like upstreams `_` and `-` are, to PHP `.` too, to
 * lighttpd all that are neither letters nor digits.
 */
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
  return isLetterOrDigit(byte) ? byte : HYPHEN;
}
