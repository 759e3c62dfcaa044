import { bytes } from "proxy-wasm-as/bytes";
import { HeaderMap } from "proxy-wasm-as/header-map";
import { CompiledPolicy } from "../policy/compiled-policy";
import { AccessRequest } from "../request";
import { Reason } from "../verdict";
import { readsAs } from "./stripped";

const MAX_HEADERS = 100;
const MAX_HEADER_BYTES = 32 * 1024;
const QUOTE: u8 = 0x22;
const COMMA: u8 = 0x2c;
const LOWER_X: u8 = 0x78;

const AUTHORIZATION = bytes("authorization");
const CONTENT_TYPE = bytes("content-type");
const BEARER = bytes("bearer ");
const DPOP = bytes("dpop ");

/**
 * Fields of which a request has one value (RFC 9110 section 5.3) and that Envoy gives as they came; identity headers are
 * added from the policy. Where Envoy keeps one place for a header (`authorization`, `content-type`), it joins a second
 * value to the first with a comma: see below.
 */
const singleValued: StaticArray<Uint8Array> = [bytes(":authority"), bytes("host"), AUTHORIZATION, CONTENT_TYPE];

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

/**
 * The first fault of the request's head, or `Permitted`. Control characters are not looked for: Envoy's codecs refuse
 * them, over HTTP/1.1 and HTTP/2.
 */
export function inspectHeaders(request: AccessRequest, policy: CompiledPolicy): Reason {
  const headers = request.headers;
  if (headers.size > MAX_HEADERS) return Reason.TooManyHeaders;
  if (headers.byteLength > MAX_HEADER_BYTES) return Reason.HeadersTooLarge;
  for (let i = 0; i < singleValued.length; i++) if (repeats(headers, singleValued[i])) return Reason.HeaderDuplicate;
  const issued = policy.identityHeaders;
  for (let i = 0; i < issued.length; i++) if (repeats(headers, unchecked(issued[i]))) return Reason.HeaderDuplicate;
  const authorization = headers.first(AUTHORIZATION);
  if (authorization !== null && isJoinedAuthorization(authorization)) return Reason.HeaderDuplicate;
  if (hasCommaOutsideQuotes(request.contentType)) return Reason.HeaderDuplicate;
  if (!isHost(request.host)) return Reason.HostMalformed;
  if (holdsOneOf(headers, methodOverrides)) return Reason.MethodOverride;
  if (holdsOneOf(headers, pathOverrides)) return Reason.PathOverride;
  return Reason.Permitted;
}

/** Whether a field has one of the names, also with `_` for `-`: CGI-like upstreams read both as one. */
function holdsOneOf(headers: HeaderMap, names: StaticArray<Uint8Array>): bool {
  for (let i = 0; i < headers.size; i++) {
    if (!headers.nameBeginsWith(i, LOWER_X)) continue;
    for (let j = 0; j < names.length; j++) if (readsAs(headers, i, unchecked(names[j]))) return true;
  }
  return false;
}

function repeats(headers: HeaderMap, name: Uint8Array): bool {
  const first = headers.indexOf(name);
  return first >= 0 && headers.indexOf(name, first + 1) >= 0;
}

/**
 * Whether two credentials were joined into one value: a token holds no comma (RFC 6750 section 2.1), and no
 * other scheme's parameter begins with a scheme of its own.
 */
function isJoinedAuthorization(value: Uint8Array): bool {
  if (beginsWithToken(value, 0)) return value.indexOf(COMMA) >= 0;
  for (let i = 0; i < value.length; i++) {
    if (unchecked(value[i]) != COMMA) continue;
    while (i + 1 < value.length && unchecked(value[i + 1]) == 0x20) i++;
    if (beginsWithToken(value, i + 1)) return true;
  }
  return false;
}

function beginsWithToken(value: Uint8Array, start: i32): bool {
  return beginsWith(value, start, BEARER) || beginsWith(value, start, DPOP);
}

/** `scheme` in lower case, with its space. */
function beginsWith(value: Uint8Array, start: i32, scheme: Uint8Array): bool {
  if (start + scheme.length > value.length) return false;
  for (let i = 0; i < scheme.length; i++) {
    if ((unchecked(value[start + i]) | 0x20) != unchecked(scheme[i])) return false;
  }
  return true;
}

/** A media type holds a comma only in a quoted parameter (RFC 9110 section 8.3.1). */
function hasCommaOutsideQuotes(value: Uint8Array): bool {
  let quoted = false;
  for (let i = 0; i < value.length; i++) {
    const byte = unchecked(value[i]);
    if (byte == QUOTE) quoted = !quoted;
    else if (byte == COMMA && !quoted) return true;
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
