import { isBlank } from "../encoding/blank";
import { ClaimSet } from "../identity/claim-set";
import { Subject } from "../identity/subject";
import {
  NONE,
  SECTION_CLAIM_VALUES,
  SECTION_CLAIMS,
  SECTION_LIST,
  SECTION_NETWORKS,
  SECTION_TIMES,
  VALUE_PREFIX,
  VALUE_STRING,
} from "./blob-layout";
import { Circumstances } from "./circumstances";
import { PolicyBlob } from "./policy-blob";
import { SourceAddress } from "./source-address";

const COMMA: u8 = 0x2c;

/**
 * Whether all that a grant names is there: token, all scopes, all claims, one of the workloads, API keys, networks and times, all headers.
 * What can't be known (a peer without an IP address, a header that stands twice, the client of a proxy whose word can't be
 * read) fits a grant that denies and none that allows.
 */
export function satisfies(blob: PolicyBlob, grant: usize, denies: bool, asked: Circumstances): bool {
  const issuer = load<u32>(grant);
  const subject = asked.subject;
  if (issuer != NONE) {
    const verified = subject.issuer;
    if (verified === null || <u32>verified.index != issuer) return false;
    if (!hasScopes(blob, load<u32>(grant, 4), load<u32>(grant, 8), subject.scopes)) return false;
  }
  const workloads = load<u32>(grant, 24);
  if (workloads > 0 && !isWorkload(blob, load<u32>(grant, 20), workloads, denies, subject)) return false;
  const keys = load<u32>(grant, 64);
  if (keys > 0 && !isApiKey(blob, load<u32>(grant, 60), keys, subject.apiKey)) return false;
  const times = load<u32>(grant, 56);
  if (times > 0 && !isWithin(blob, load<u32>(grant, 52), times, asked.minute)) return false;
  const networks = load<u32>(grant, 40);
  if (networks > 0 && !isFrom(blob, load<u32>(grant, 36), networks, denies, asked.source)) return false;
  return (
    hasHeaders(blob, load<u32>(grant, 44), load<u32>(grant, 48), denies, asked) &&
    hasClaims(blob, load<u32>(grant, 12), load<u32>(grant, 16), asked)
  );
}

function hasScopes(blob: PolicyBlob, start: u32, count: u32, granted: Uint8Array[]): bool {
  for (let i: u32 = 0; i < count; i++) {
    if (!hasScope(blob, load<u32>(blob.record(SECTION_LIST, start + i)), granted)) return false;
  }
  return true;
}

function hasScope(blob: PolicyBlob, scope: u32, granted: Uint8Array[]): bool {
  for (let i = 0; i < granted.length; i++) {
    if (isText(blob, scope, unchecked(granted[i]))) return true;
  }
  return false;
}

function hasClaims(blob: PolicyBlob, start: u32, count: u32, asked: Circumstances): bool {
  for (let i: u32 = 0; i < count; i++) {
    if (!hasClaim(blob, blob.record(SECTION_CLAIMS, start + i), asked.subject.claims)) return false;
  }
  return true;
}

function hasClaim(blob: PolicyBlob, claim: usize, claims: ClaimSet): bool {
  const index = claims.indexOf(blob.string(load<u32>(claim)));
  if (index < 0) return false;
  const start = load<u32>(claim, 4);
  for (let i: u32 = 0, count = load<u32>(claim, 8); i < count; i++) {
    const value = blob.record(SECTION_CLAIM_VALUES, start + i);
    if (claims.fits(index, load<u32>(value), blob.string(load<u32>(value, 4)))) return true;
  }
  return false;
}

function hasHeaders(blob: PolicyBlob, start: u32, count: u32, denies: bool, asked: Circumstances): bool {
  for (let i: u32 = 0; i < count; i++) {
    const header = blob.record(SECTION_CLAIMS, start + i);
    if (!hasHeader(blob, header, denies, asked)) return false;
  }
  return true;
}

/** To be allowed, every field of the name must have one of the values; to be denied, one field is enough, or an element of one. */
function hasHeader(blob: PolicyBlob, header: usize, denies: bool, asked: Circumstances): bool {
  const headers = asked.headers;
  const name = blob.string(load<u32>(header));
  let found = false;
  for (let i = headers.indexOf(name); i >= 0; i = headers.indexOf(name, i + 1)) {
    const value = headers.value(i);
    const start = value.dataStart;
    const fits = denies
      ? hasElement(blob, header, start, start + value.length)
      : isOneOf(blob, header, start, value.length);
    if (fits == denies) return fits;
    found = true;
  }
  return found && !denies;
}

/**
 * Whether a field's value, or an element of it as a list, fits. Envoy and other proxies join fields of one name by commas
 * (RFC 9110 section 5.3), and over HTTP/2 a value may come with blanks around it that HTTP/1.1 takes off.
 */
function hasElement(blob: PolicyBlob, header: usize, start: usize, end: usize): bool {
  if (isOneOfTrimmed(blob, header, start, end)) return true;
  for (let at = start; at <= end; at++) {
    if (at < end && load<u8>(at) != COMMA) continue;
    if (isOneOfTrimmed(blob, header, start, at)) return true;
    start = at + 1;
  }
  return false;
}

function isOneOfTrimmed(blob: PolicyBlob, header: usize, start: usize, end: usize): bool {
  while (start < end && isBlank(load<u8>(start))) start++;
  while (end > start && isBlank(load<u8>(end - 1))) end--;
  return isOneOf(blob, header, start, <i32>(end - start));
}

function isOneOf(blob: PolicyBlob, header: usize, text: usize, length: i32): bool {
  const start = load<u32>(header, 4);
  for (let i: u32 = 0, count = load<u32>(header, 8); i < count; i++) {
    const value = blob.record(SECTION_CLAIM_VALUES, start + i);
    const kind = load<u32>(value);
    if (kind != VALUE_STRING && kind != VALUE_PREFIX) continue;
    if (isTextAt(blob, load<u32>(value, 4), text, length, kind == VALUE_PREFIX)) return true;
  }
  return false;
}

function isText(blob: PolicyBlob, string: u32, text: Uint8Array): bool {
  return isTextAt(blob, string, text.dataStart, text.length, false);
}

/** Whether the text at `text` is the string of the policy, or begins with it. */
function isTextAt(blob: PolicyBlob, string: u32, text: usize, length: i32, prefix: bool): bool {
  const wanted = blob.stringLength(string);
  if (prefix ? length < wanted : length != wanted) return false;
  return memory.compare(text, blob.stringAddress(string), wanted) == 0;
}

function isWorkload(blob: PolicyBlob, start: u32, count: u32, denies: bool, subject: Subject): bool {
  if (denies && subject.isWorkloadUntold) return true;
  const workload = subject.workload;
  if (workload.length == 0) return false;
  for (let i: u32 = 0; i < count; i++) {
    if (coversWorkload(blob, load<u32>(blob.record(SECTION_LIST, start + i)), workload)) return true;
  }
  return false;
}

/** `pattern` is a SPIFFE id, or ends in `/*`: every id that continues after that slash. */
function coversWorkload(blob: PolicyBlob, pattern: u32, workload: Uint8Array): bool {
  const address = blob.stringAddress(pattern);
  let length = blob.stringLength(pattern);
  const open = length > 1 && load<u16>(address + length - 2) == 0x2a2f;
  if (open) length--;
  if (open ? workload.length <= length : workload.length != length) return false;
  return memory.compare(workload.dataStart, address, length) == 0;
}

function isApiKey(blob: PolicyBlob, start: u32, count: u32, name: Uint8Array): bool {
  if (name.length == 0) return false;
  for (let i: u32 = 0; i < count; i++) {
    if (isText(blob, load<u32>(blob.record(SECTION_LIST, start + i)), name)) return true;
  }
  return false;
}

function isWithin(blob: PolicyBlob, start: u32, count: u32, minute: u32): bool {
  for (let i: u32 = 0; i < count; i++) {
    const time = blob.record(SECTION_TIMES, start + i);
    if (minute >= load<u32>(time) && minute < load<u32>(time, 4)) return true;
  }
  return false;
}

function isFrom(blob: PolicyBlob, start: u32, count: u32, denies: bool, source: SourceAddress): bool {
  if (!source.known) return denies;
  for (let i: u32 = 0; i < count; i++) {
    if (holds(blob.record(SECTION_NETWORKS, start + i), source)) return true;
  }
  return false;
}

/** Whether the first bits are the network's; an IPv6 network holds no IPv4 address, however it is written. */
function holds(network: usize, source: SourceAddress): bool {
  const bits = load<u32>(network, 16);
  if (source.isIPv4 && bits < 96) return false;
  const high = ((<u64>load<u32>(network)) << 32) | <u64>load<u32>(network, 4);
  const low = ((<u64>load<u32>(network, 8)) << 32) | <u64>load<u32>(network, 12);
  return ((high ^ source.high) & mask(bits)) == 0 && ((low ^ source.low) & mask(bits < 64 ? 0 : bits - 64)) == 0;
}

/** The first `bits` of 64; all of them from 64 on. */
function mask(bits: u32): u64 {
  if (bits == 0) return 0;
  return bits >= 64 ? u64.MAX_VALUE : u64.MAX_VALUE << (<u64>(64 - bits));
}
