import { bytes, equal } from "proxy-wasm-as/bytes";
import { HeaderMap } from "proxy-wasm-as/header-map";
import { CompiledPolicy } from "../policy/compiled-policy";

const PREFIX = bytes("x-postern-");
const HYPHEN: u8 = 0x2d;
const UNDERSCORE: u8 = 0x5f;

/**
 * The names that no client may send: `x-postern-*`, the policy's identity headers, and either with `_` for `-`
 * (CGI-like upstreams read both as one). A name that repeats is given each time.
 */
export function spoofedNames(headers: HeaderMap, policy: CompiledPolicy): Uint8Array[] {
  const found: Uint8Array[] = [];
  const identity: Uint8Array[] = [
    withHyphens(policy.subjectHeader),
    withHyphens(policy.issuerHeader),
    withHyphens(policy.workloadHeader),
    withHyphens(policy.scopesHeader),
  ];
  for (let i = 0, size = headers.size; i < size; i++) {
    const name = headers.name(i);
    if (isReserved(name, identity)) found.push(name);
  }
  return found;
}

function isReserved(name: Uint8Array, identity: Uint8Array[]): bool {
  if (name.length == 0 || unchecked(name[0]) == 0x3a) return false;
  const hyphenated = withHyphens(name);
  if (hyphenated.length >= PREFIX.length && equal(hyphenated.subarray(0, PREFIX.length), PREFIX)) return true;
  for (let i = 0; i < identity.length; i++) if (equal(hyphenated, identity[i])) return true;
  return false;
}

/** The name with `-` for each `_`. */
export function withHyphens(name: Uint8Array): Uint8Array {
  if (name.indexOf(UNDERSCORE) < 0) return name;
  const hyphenated = new Uint8Array(name.length);
  for (let i = 0; i < name.length; i++) {
    const byte = unchecked(name[i]);
    unchecked((hyphenated[i] = byte == UNDERSCORE ? HYPHEN : byte));
  }
  return hyphenated;
}
