import { bytes, equal } from "proxy-wasm-as/bytes";
import { HeaderMap } from "proxy-wasm-as/header-map";
import { hexDigit } from "../encoding/hex";
import { isLetterOrDigit } from "../encoding/letter-or-digit";

const SCHEME = bytes(":scheme");
const AUTHORITY = bytes(":authority");
const PATH = bytes(":path");
const HTTPS_PORT = bytes(":443");
const HTTP_PORT = bytes(":80");
const HTTPS = bytes("https");
const ROOT = bytes("/");
const COLON: u8 = 0x3a;
const SLASH: u8 = 0x2f;
const QUESTION: u8 = 0x3f;
const HASH: u8 = 0x23;
const PERCENT: u8 = 0x25;
/** Beyond every byte. */
const ENCODED: u32 = 0x100;

/** An absolute URI's scheme, authority and path, as they are written; query and fragment are left out. */
class TargetUri {
  constructor(
    public readonly scheme: Uint8Array,
    public readonly authority: Uint8Array,
    public readonly path: Uint8Array,
  ) {}
}

/**
 * Whether `htu` is the URI of the request without query and fragment (RFC 9449 section 4.3): origins are compared without regard to
 * case and default port, an empty path is `/`, and paths byte by byte, but for how a byte is percent-encoded (RFC 3986 section
 * 6.2.2): hexadecimal digits of either case, unreserved characters as themselves. `origins`: those under which clients know
 * the gate; empty: that of the request.
 */
export function namesTarget(htu: Uint8Array, request: HeaderMap, origins: Uint8Array[]): bool {
  const named = split(htu);
  const target = request.first(PATH);
  if (named === null || target === null || !isSamePath(named.path, pathOf(target))) return false;
  if (origins.length == 0) {
    const scheme = request.first(SCHEME);
    const authority = request.first(AUTHORITY);
    return scheme !== null && authority !== null && isOrigin(named, scheme, authority);
  }
  for (let i = 0; i < origins.length; i++) {
    const origin = split(unchecked(origins[i]));
    if (origin !== null && isOrigin(named, origin.scheme, origin.authority)) return true;
  }
  return false;
}

/** null: there is no `scheme://authority`. */
function split(uri: Uint8Array): TargetUri | null {
  const colon = uri.indexOf(COLON);
  if (colon <= 0 || uri.length < colon + 4) return null;
  if (unchecked(uri[colon + 1]) != SLASH || unchecked(uri[colon + 2]) != SLASH) return null;
  const start = colon + 3;
  let end = start;
  while (end < uri.length && unchecked(uri[end]) != SLASH && !isPathEnd(unchecked(uri[end]))) end++;
  if (end == start) return null;
  return new TargetUri(uri.subarray(0, colon), uri.subarray(start, end), pathOf(uri.subarray(end)));
}

function pathOf(target: Uint8Array): Uint8Array {
  let end = 0;
  while (end < target.length && !isPathEnd(unchecked(target[end]))) end++;
  return end == 0 ? ROOT : target.subarray(0, end);
}

function isSamePath(a: Uint8Array, b: Uint8Array): bool {
  let at = 0;
  let other = 0;
  while (at < a.length && other < b.length) {
    const unit = unitAt(a, at);
    if (unit != unitAt(b, other)) return false;
    at += unitSize(a, at);
    other += unitSize(b, other);
  }
  return at == a.length && other == b.length;
}

/** What stands there: a byte, or one that is percent-encoded, told apart from it unless it is unreserved. */
function unitAt(path: Uint8Array, at: i32): u32 {
  if (unitSize(path, at) == 1) return unchecked(path[at]);
  const byte: u32 = ((<u32>hexDigit(path[at + 1])) << 4) | <u32>hexDigit(path[at + 2]);
  return isUnreserved(byte) ? byte : ENCODED | byte;
}

function unitSize(path: Uint8Array, at: i32): i32 {
  const isEncoded =
    unchecked(path[at]) == PERCENT &&
    at + 2 < path.length &&
    hexDigit(path[at + 1]) >= 0 &&
    hexDigit(path[at + 2]) >= 0;
  return isEncoded ? 3 : 1;
}

/** RFC 3986 section 2.3. */
function isUnreserved(byte: u32): bool {
  return isLetterOrDigit(<u8>byte) || byte == 0x2d || byte == 0x2e || byte == 0x5f || byte == 0x7e;
}

function isPathEnd(byte: u8): bool {
  return byte == QUESTION || byte == HASH;
}

function isOrigin(named: TargetUri, scheme: Uint8Array, authority: Uint8Array): bool {
  if (!equalFolded(named.scheme, scheme)) return false;
  const port = equalFolded(scheme, HTTPS) ? HTTPS_PORT : HTTP_PORT;
  return equalFolded(withoutPort(named.authority, port), withoutPort(authority, port));
}

/** The default port may be written, or be left out with or without its colon (RFC 3986 section 6.2.3). */
function withoutPort(authority: Uint8Array, port: Uint8Array): Uint8Array {
  const last = authority.length - 1;
  if (last > 0 && unchecked(authority[last]) == COLON) return authority.subarray(0, last);
  const end = authority.length - port.length;
  return end > 0 && equal(authority.subarray(end), port) ? authority.subarray(0, end) : authority;
}

/** Without regard to the case of ASCII letters. */
function equalFolded(a: Uint8Array, b: Uint8Array): bool {
  if (a.length != b.length) return false;
  for (let i = 0; i < a.length; i++) if (folded(unchecked(a[i])) != folded(unchecked(b[i]))) return false;
  return true;
}

function folded(byte: u32): u32 {
  return byte - 0x41 < 26 ? byte | 0x20 : byte;
}
