import { bytes } from "proxy-wasm-as/bytes";
import { HeaderMap } from "proxy-wasm-as/header-map";
import { CompiledPolicy } from "../policy/compiled-policy";

const PREFIX = bytes("x-postern-");
const COLON: u8 = 0x3a;
const HYPHEN: u8 = 0x2d;
const UNDERSCORE: u8 = 0x5f;
const NONE: Uint8Array[] = [];

/**
 * The names that must not go on as they came: `x-postern-*`, the policy's identity headers, the header of API keys where
 * the policy keeps it, and each with `_` for `-` (CGI-like upstreams read both as one). A name that repeats is given each time.
 */
export function spoofedNames(headers: HeaderMap, policy: CompiledPolicy): Uint8Array[] {
  let found = NONE;
  for (let i = 0, size = headers.size; i < size; i++) {
    if (!isReserved(headers, i, policy)) continue;
    if (found === NONE) found = [];
    found.push(headers.name(i));
  }
  return found;
}

function isReserved(headers: HeaderMap, index: i32, policy: CompiledPolicy): bool {
  if (headers.nameBeginsWith(index, COLON)) return false;
  if (headers.nameSize(index) >= PREFIX.length && readsLike(headers.nameAddress(index), PREFIX)) return true;
  const issued = policy.identityHeaders;
  for (let i = 0; i < issued.length; i++) if (readsAs(headers, index, unchecked(issued[i]))) return true;
  return policy.apiKeys.length > 0 && !policy.forwardsKey && readsAs(headers, index, policy.keyHeader);
}

/** Whether a field has the name, `_` and `-` being one. */
export function readsAs(headers: HeaderMap, index: i32, name: Uint8Array): bool {
  return headers.nameSize(index) == name.length && readsLike(headers.nameAddress(index), name);
}

/** Whether as many bytes from `address` on read as `name`. */
function readsLike(address: usize, name: Uint8Array): bool {
  for (let i = 0, length = name.length; i < length; i++) {
    if (hyphenated(load<u8>(address + i)) != hyphenated(unchecked(name[i]))) return false;
  }
  return true;
}

function hyphenated(byte: u8): u8 {
  return byte == UNDERSCORE ? HYPHEN : byte;
}
