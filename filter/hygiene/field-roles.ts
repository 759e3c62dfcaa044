import { bytes, equal } from "proxy-wasm-as/bytes";
import { NameKinds } from "../name-kinds";
import { CompiledPolicy } from "../policy/compiled-policy";
import { beginsLike, readsLike } from "./name-reading";

// A set of bits.
/** A request has one field of that name. */
export const SINGLE_VALUED: u32 = 1;
/** Takes another method, or another path, than the one that is authorised. */
export const OVERRIDES_METHOD: u32 = 2;
export const OVERRIDES_PATH: u32 = 4;
/** Must not go on as it came. */
export const RESERVED: u32 = 8;
/** XFCC, where the policy believes that of some peers; what only reads as it is reserved there. */
export const FORWARDED_CERTIFICATE: u32 = 16;

const PREFIX = bytes("x-postern-");
const FORWARDED_CLIENT_CERT = bytes("x-forwarded-client-cert");
const COLON: u8 = 0x3a;
const LOWER_X: u8 = 0x78;

/**
 * Fields of which a request has one value (RFC 9110 section 5.3) and that Envoy gives as they came; identity headers are
 * added from the policy. Where Envoy keeps one place for a header (`authorization`, `content-type`), it joins a second
 * value to the first with a comma: see `headers.ts`.
 */
const singleValued: StaticArray<Uint8Array> = [
  bytes(":authority"),
  bytes("host"),
  bytes("authorization"),
  bytes("content-type"),
];

/** Headers by which frameworks take another method than the one that was authorised. */
const methodOverrides: StaticArray<Uint8Array> = [
  bytes("x-http-method-override"),
  bytes("x-http-method"),
  bytes("x-method-override"),
  bytes("x-original-method"),
];

/** Headers by which servers take another path. */
const pathOverrides: StaticArray<Uint8Array> = [
  bytes("x-original-url"),
  bytes("x-original-uri"),
  bytes("x-rewrite-url"),
];

/** What the names of fields mean under one policy. */
class FieldRoles extends NameKinds {
  constructor(public readonly policy: CompiledPolicy) {
    super();
  }

  protected kindOf(name: Uint8Array): u32 {
    let roles: u32 = this.isReserved(name) ? RESERVED : 0;
    for (let i = 0; i < singleValued.length; i++) if (equal(name, singleValued[i])) roles |= SINGLE_VALUED;
    const issued = this.policy.identityHeaders;
    for (let i = 0; i < issued.length; i++) if (equal(name, issued[i])) roles |= SINGLE_VALUED;
    if (name.length == 0 || name[0] != LOWER_X) return roles;
    if (this.policy.forwardedFrom.length > 0 && readsLike(name, FORWARDED_CLIENT_CERT))
      roles |= equal(name, FORWARDED_CLIENT_CERT) ? FORWARDED_CERTIFICATE : RESERVED;
    if (readsAsOneOf(name, methodOverrides)) roles |= OVERRIDES_METHOD;
    return readsAsOneOf(name, pathOverrides) ? roles | OVERRIDES_PATH : roles;
  }

  /**
   * `x-postern-*`, the policy's identity headers, the header of API keys where the policy keeps it, and what reads as one of
   * them.
   */
  private isReserved(name: Uint8Array): bool {
    if (name.length > 0 && name[0] == COLON) return false;
    if (beginsLike(name, PREFIX)) return true;
    const policy = this.policy;
    const issued = policy.identityHeaders;
    for (let i = 0; i < issued.length; i++) if (readsLike(name, unchecked(issued[i]))) return true;
    return policy.apiKeys.length > 0 && !policy.forwardsKey && readsLike(name, policy.keyHeader);
  }
}

let roles: FieldRoles | null = null;

/** The roles of a field's name under the policy that is in force. */
export function fieldRoles(policy: CompiledPolicy): NameKinds {
  const known = roles;
  if (known !== null && known.policy === policy) return known;
  const made = new FieldRoles(policy);
  roles = made;
  return made;
}

/** Also as some upstreams would read it: see `readsLike`. */
function readsAsOneOf(name: Uint8Array, names: StaticArray<Uint8Array>): bool {
  for (let i = 0; i < names.length; i++) if (readsLike(name, unchecked(names[i]))) return true;
  return false;
}
