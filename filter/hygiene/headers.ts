import { bytes } from "proxy-wasm-as/bytes";
import { HeaderMap } from "proxy-wasm-as/header-map";
import { CompiledPolicy } from "../policy/compiled-policy";
import { AccessRequest } from "../request";
import { Reason } from "../verdict";

const MAX_HEADERS = 100;
const MAX_HEADER_BYTES = 32 * 1024;
const TAB: u8 = 0x09;
const SPACE: u8 = 0x20;
const DEL: u8 = 0x7f;

/** Fields of which a request has one value (RFC 9110 section 5.3); identity headers are added from the policy. */
const singleValued: StaticArray<Uint8Array> = [
  bytes(":authority"),
  bytes("host"),
  bytes("authorization"),
  bytes("content-length"),
  bytes("content-type"),
  bytes("content-encoding"),
  bytes("x-forwarded-client-cert"),
];

/** Headers by which frameworks take another method than the one that was authorised. */
const methodOverrides: StaticArray<Uint8Array> = [
  bytes("x-http-method-override"),
  bytes("x-http-method"),
  bytes("x-method-override"),
];

/** The first fault of the request's head, or `Permitted`. Each value is judged alone, never joined. */
export function inspectHeaders(request: AccessRequest, policy: CompiledPolicy): Reason {
  const headers = request.headers;
  if (hasControlCharacter(headers)) return Reason.HeaderControlCharacter;
  if (headers.size > MAX_HEADERS) return Reason.TooManyHeaders;
  if (headers.byteLength > MAX_HEADER_BYTES) return Reason.HeadersTooLarge;
  for (let i = 0; i < singleValued.length; i++) if (repeats(headers, singleValued[i])) return Reason.HeaderDuplicate;
  if (
    repeats(headers, policy.subjectHeader) ||
    repeats(headers, policy.issuerHeader) ||
    repeats(headers, policy.workloadHeader) ||
    repeats(headers, policy.scopesHeader)
  ) {
    return Reason.HeaderDuplicate;
  }
  if (!isHost(request.host)) return Reason.HostMalformed;
  for (let i = 0; i < methodOverrides.length; i++) {
    if (headers.indexOf(methodOverrides[i]) >= 0) return Reason.MethodOverride;
  }
  return Reason.Permitted;
}

function repeats(headers: HeaderMap, name: Uint8Array): bool {
  const first = headers.indexOf(name);
  return first >= 0 && headers.indexOf(name, first + 1) >= 0;
}

/** Control characters other than TAB in a name or value (RFC 9110 section 5.5). */
function hasControlCharacter(headers: HeaderMap): bool {
  for (let i = 0, size = headers.size; i < size; i++) {
    if (holdsControl(headers.name(i)) || holdsControl(headers.value(i))) return true;
  }
  return false;
}

function holdsControl(text: Uint8Array): bool {
  const start = text.dataStart;
  for (let at = start, end = start + text.length; at < end; at++) {
    const byte = load<u8>(at);
    if ((byte < SPACE && byte != TAB) || byte == DEL) return true;
  }
  return false;
}

/**
 * A registered name, an IPv4 or a bracketed IPv6 address with an optional port (RFC 3986 section 3.2.2), without the
 * characters by which two hosts could be written as one: a comma joins duplicates, `@` hides user information.
 */
function isHost(host: Uint8Array): bool {
  if (host.length == 0) return false;
  for (let i = 0; i < host.length; i++) {
    const byte = unchecked(host[i]);
    const lower = byte | 0x20;
    const isAlphanumeric = (lower >= 0x61 && lower <= 0x7a) || (byte >= 0x30 && byte <= 0x39);
    const isPunctuation = byte == 0x2d || byte == 0x2e || byte == 0x3a || byte == 0x5b || byte == 0x5d || byte == 0x5f;
    if (!isAlphanumeric && !isPunctuation) return false;
  }
  return true;
}
