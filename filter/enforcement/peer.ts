import { bytes, equal, getProperty } from "proxy-wasm-as";
import { HeaderMap } from "proxy-wasm-as/header-map";
import { Environment } from "../environment";
import { PeerCertificate } from "../identity/peer-certificate";
import { CompiledPolicy } from "../policy/compiled-policy";
import { peerMaySign } from "./peer-usage";
import { hasExpired, peerValidUntilMillis } from "./peer-validity";

const FORWARDED_PROTO = bytes("x-forwarded-proto");
const HTTPS = bytes("https");
const TLS_VERSION = bytes("connection\0tls_version");
const MTLS = bytes("connection\0mtls");
const ALL_URIS = bytes("filter_state\0postern.peer_uris");
const FIRST_URI = bytes("connection\0uri_san_peer_certificate");
const NONE = new Uint8Array(0);
const NOBODY = new PeerCertificate(false, NONE);
const TRUE: u8 = 1;

/**
 * The client certificate of the connection, as far as the policy has a use for it: under one that accepts no workload it
 * is not asked for, nor the time: each property costs about as much as reading all headers.
 */
export function peerCertificate(policy: CompiledPolicy, environment: Environment): PeerCertificate {
  if (policy.trustDomains.length == 0) return NOBODY;
  return connectionCertificate(environment.nowMillis());
}

/**
 * Whether the connection is encrypted. Envoy says so in a header of its own making; where something else may have written
 * it, the connection itself is asked, too: a property costs about 3 µs, plain HTTP pays nothing.
 */
export function isEncrypted(headers: HeaderMap): bool {
  const scheme = headers.first(FORWARDED_PROTO);
  if (scheme === null || !equal(scheme, HTTPS)) return false;
  const version = getProperty(TLS_VERSION);
  return version !== null && version.length > 0;
}

/**
 * The client certificate of the connection. `presented` says that one was sent; that it was also validated is the
 * listener's doing: the rendered listener always validates one that is sent. It also gives all URI names, joined by commas;
 * of another listener only the first is known. One that may sign others is of nobody; one that has expired since is as none.
 */
export function connectionCertificate(nowMillis: i64): PeerCertificate {
  const mtls = getProperty(MTLS);
  const isPresent = mtls !== null && mtls.length == 1 && mtls[0] == TRUE;
  if (!isPresent) return NOBODY;
  const until = peerValidUntilMillis();
  if (hasExpired(until, nowMillis)) return NOBODY;
  const all = getProperty(ALL_URIS);
  const uri = all !== null ? all : getProperty(FIRST_URI);
  return new PeerCertificate(true, uri === null || peerMaySign() ? NONE : uri, until);
}
