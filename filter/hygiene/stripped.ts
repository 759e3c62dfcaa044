import { HeaderMap } from "proxy-wasm-as/header-map";
import { CompiledPolicy } from "../policy/compiled-policy";
import { fieldRoles, RESERVED } from "./field-roles";

const NONE: Uint8Array[] = [];

/**
 * The names that must not go on as they came: `x-postern-*`, the policy's identity headers, the header of API keys where
 * the policy keeps it, and each with `_` for `-` (CGI-like upstreams read both as one). A name that repeats is given each time.
 */
export function spoofedNames(headers: HeaderMap, policy: CompiledPolicy): Uint8Array[] {
  const roles = fieldRoles(policy);
  let found = NONE;
  for (let i = 0, size = headers.size; i < size; i++) {
    if ((roles.of(headers, i) & RESERVED) == 0) continue;
    if (found === NONE) found = [];
    found.push(headers.name(i));
  }
  return found;
}
