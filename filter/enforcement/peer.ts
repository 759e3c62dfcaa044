import { bytes, getProperty } from "proxy-wasm-as";
import { PeerCertificate } from "../identity/peer-certificate";
import { CompiledPolicy } from "../policy/compiled-policy";

const MTLS = bytes("connection\0mtls");
const URI_SAN = bytes("connection\0uri_san_peer_certificate");
const NONE = new Uint8Array(0);
const TRUE: u8 = 1;

/**
 * The client certificate of the connection, as far as the policy has a use for it: under one that accepts no workload it
 * is not asked for, since each property costs about as much as reading all headers.
 */
export function peerCertificate(policy: CompiledPolicy): PeerCertificate {
  return policy.trustDomains.length == 0 ? new PeerCertificate(false, NONE) : connectionCertificate();
}

/**
 * The client certificate of the connection. `presented` says that one was sent; that it was also validated is the
 * listener's doing: the rendered listener always validates one that is sent.
 */
export function connectionCertificate(): PeerCertificate {
  const mtls = getProperty(MTLS);
  if (mtls === null || mtls.length != 1 || mtls[0] != TRUE) return new PeerCertificate(false, NONE);
  const uri = getProperty(URI_SAN);
  return new PeerCertificate(true, uri === null ? NONE : uri);
}
