import { bytes, equal } from "proxy-wasm-as/bytes";

const SCHEME = bytes("spiffe://");
const MAX_ID_BYTES: i32 = 2048;
const MAX_TRUST_DOMAIN_BYTES: i32 = 255;
const SLASH: u8 = 0x2f;

/**
 * The trust domain's name in a workload's SPIFFE id (SPIFFE-ID section 2: `spiffe://trust-domain/path`); a view.
 * null: it is no such id, or names no workload (no path).
 */
export function spiffeTrustDomain(id: Uint8Array): Uint8Array | null {
  const start = SCHEME.length;
  if (id.length > MAX_ID_BYTES || id.length < start || !equal(id.subarray(0, start), SCHEME)) return null;
  const slash = id.indexOf(SLASH, start);
  if (slash <= start || slash - start > MAX_TRUST_DOMAIN_BYTES) return null;
  for (let i = start; i < slash; i++) {
    if (!isTrustDomainByte(unchecked(id[i]))) return null;
  }
  return isPath(id.subarray(slash)) ? id.subarray(start, slash) : null;
}

/** One or more segments, none empty, none of dots alone as in a relative path. */
function isPath(path: Uint8Array): bool {
  let start = 1;
  for (let i = 1; i <= path.length; i++) {
    if (i < path.length && unchecked(path[i]) != SLASH) {
      if (!isSegmentByte(unchecked(path[i]))) return false;
      continue;
    }
    if (i == start || isDotSegment(path, start, i)) return false;
    start = i + 1;
  }
  return true;
}

function isDotSegment(path: Uint8Array, start: i32, end: i32): bool {
  if (end - start > 2) return false;
  for (let i = start; i < end; i++) {
    if (unchecked(path[i]) != 0x2e) return false;
  }
  return true;
}

/** Lower-case letters, digits, `.` `-` `_`. */
function isTrustDomainByte(byte: u32): bool {
  return byte - 0x61 < 26 || byte - 0x30 < 10 || byte == 0x2d || byte == 0x2e || byte == 0x5f;
}

function isSegmentByte(byte: u32): bool {
  return isTrustDomainByte(byte) || byte - 0x41 < 26;
}
