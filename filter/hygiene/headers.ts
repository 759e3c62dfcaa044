import { bytes } from "proxy-wasm-as/bytes";
import { holdsByte } from "../encoding/find-byte";
import { isLetterOrDigit } from "../encoding/letter-or-digit";
import { CompiledPolicy } from "../policy/compiled-policy";
import { AccessRequest } from "../request";
import { Reason } from "../verdict";
import { fieldRoles, OVERRIDES_METHOD, OVERRIDES_PATH, SINGLE_VALUED } from "./field-roles";

const MAX_HEADERS = 100;
const MAX_HEADER_BYTES = 32 * 1024;
const QUOTE: u8 = 0x22;
const COMMA: u8 = 0x2c;

const AUTHORIZATION = bytes("authorization");
const BEARER = bytes("bearer ");
const DPOP = bytes("dpop ");

/** Which bytes a host may hold: see `isHost`. */
const ofHosts = new StaticArray<bool>(256);

function fillOfHosts(): void {
  for (let byte = 0; byte < ofHosts.length; byte++) ofHosts[byte] = isLetterOrDigit(<u8>byte);
  const punctuation = bytes("-.:[]_");
  for (let i = 0; i < punctuation.length; i++) ofHosts[punctuation[i]] = true;
}
fillOfHosts();

/**
 * The first fault of the request's head, or `Permitted`. Control characters are not looked for: Envoy's codecs refuse
 * them, over HTTP/1.1 and HTTP/2.
 */
export function inspectHeaders(request: AccessRequest, policy: CompiledPolicy): Reason {
  const headers = request.headers;
  if (headers.size > MAX_HEADERS) return Reason.TooManyHeaders;
  if (headers.byteLength > MAX_HEADER_BYTES) return Reason.HeadersTooLarge;
  const roles = fieldRoles(policy);
  let seen: u32 = 0;
  for (let i = 0, size = headers.size; i < size; i++) {
    const role = roles.of(headers, i);
    seen |= role;
    const once = (role & SINGLE_VALUED) != 0;
    if (once && headers.indexOf(headers.name(i), i + 1) >= 0) return Reason.HeaderDuplicate;
  }
  request.roles = seen;
  const authorization = headers.first(AUTHORIZATION);
  if (authorization !== null && isJoinedAuthorization(authorization)) return Reason.HeaderDuplicate;
  if (hasCommaOutsideQuotes(request.contentType)) return Reason.HeaderDuplicate;
  if (!isHost(request.host)) return Reason.HostMalformed;
  if ((seen & OVERRIDES_METHOD) != 0) return Reason.MethodOverride;
  if ((seen & OVERRIDES_PATH) != 0) return Reason.PathOverride;
  return Reason.Permitted;
}

/**
 * Whether two credentials were joined into one value: a token holds no comma (RFC 6750 section 2.1), and no
 * other scheme's parameter begins with a scheme of its own.
 */
function isJoinedAuthorization(value: Uint8Array): bool {
  if (beginsWithToken(value, 0)) return holdsByte(value, COMMA);
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
  const end = host.dataStart + host.length;
  for (let at = host.dataStart; at < end; at++) if (!unchecked(ofHosts[load<u8>(at)])) return false;
  return host.length > 0;
}
