import { HeaderMap } from "proxy-wasm-as/header-map";
import { CompiledPolicy } from "../policy/compiled-policy";
import { FORWARDED_CERTIFICATE, fieldRoles, RESERVED } from "./field-roles";

const NONE: Uint8Array[] = [];

/**
 * The names that must not go on as they came: `x-postern-*`, the policy's identity headers, the header of API keys where
 * the policy keeps it, XFCC where the policy believes some peers' but not this one's (`isForwarded`), and what some
 * upstreams read as one of them (see `readsLike`). A name that repeats is given each time. `seen`: all roles that there are among
 * the names, or more.
 */
export function spoofedNames(headers: HeaderMap, policy: CompiledPolicy, isForwarded: bool, seen: u32): Uint8Array[] {
  const dropped = isForwarded ? RESERVED : RESERVED | FORWARDED_CERTIFICATE;
  if ((seen & dropped) == 0) return NONE;
  const roles = fieldRoles(policy);
  let found = NONE;
  for (let i = 0, size = headers.size; i < size; i++) {
    if ((roles.of(headers, i) & dropped) == 0) continue;
    if (found === NONE) found = [];
    found.push(headers.name(i));
  }
  return found;
}
