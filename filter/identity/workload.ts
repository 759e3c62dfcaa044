import { bytes, equal } from "proxy-wasm-as/bytes";
import { HeaderMap } from "proxy-wasm-as/header-map";
import { CompiledPolicy } from "../policy/compiled-policy";
import { lastForwardedUri } from "./forwarded-client-cert";
import { PeerCertificate } from "./peer-certificate";
import { spiffeTrustDomain } from "./spiffe-id";

const FORWARDED_CLIENT_CERT = bytes("x-forwarded-client-cert");
const NONE = new Uint8Array(0);

/**
 * The SPIFFE id of the workload behind a request; empty: none. It is the peer's own, of a trust domain that the policy
 * names. Only where the policy lists that id in `forwardedFrom` is XFCC believed instead: then a header that names no
 * accepted workload leaves none, because the peer spoke for somebody else; null: it is malformed or repeated, so that for
 * whom it spoke can't be told.
 */
export function findWorkload(request: HeaderMap, policy: CompiledPolicy, peer: PeerCertificate): Uint8Array | null {
  if (!peer.presented || !isAccepted(peer.uri, policy)) return NONE;
  if (!speaksForOthers(peer.uri, policy)) return peer.uri;
  const index = request.indexOf(FORWARDED_CLIENT_CERT);
  if (index < 0) return peer.uri;
  if (request.indexOf(FORWARDED_CLIENT_CERT, index + 1) >= 0) return null;
  const forwarded = lastForwardedUri(request.value(index));
  return forwarded === null || isAccepted(forwarded, policy) ? forwarded : NONE;
}

/** Whether the peer's word about its own client counts. */
export function isForwarder(peer: PeerCertificate, policy: CompiledPolicy): bool {
  return peer.presented && isAccepted(peer.uri, policy) && speaksForOthers(peer.uri, policy);
}

/** Whether the workload is a proxy, which passes on what others say of themselves. */
export function speaksForOthers(workload: Uint8Array, policy: CompiledPolicy): bool {
  return isIn(policy.forwardedFrom, workload);
}

function isAccepted(id: Uint8Array, policy: CompiledPolicy): bool {
  const trustDomain = spiffeTrustDomain(id);
  return trustDomain !== null && isIn(policy.trustDomains, trustDomain);
}

function isIn(list: Uint8Array[], value: Uint8Array): bool {
  for (let i = 0; i < list.length; i++) {
    if (equal(unchecked(list[i]), value)) return true;
  }
  return false;
}
