import { Subject } from "../identity/subject";
import { NONE, SECTION_CLAIM_VALUES, SECTION_CLAIMS, SECTION_GRANTS, SECTION_LIST } from "./blob-layout";
import { CompiledPolicy } from "./compiled-policy";
import { PolicyBlob } from "./policy-blob";
import { Route } from "./route";

/** Index within the route of the first grant that the subject satisfies; -1: none. */
export function findGrant(policy: CompiledPolicy, route: Route, subject: Subject): i32 {
  for (let i = 0; i < route.grantCount; i++) {
    if (satisfies(policy.blob, policy.blob.record(SECTION_GRANTS, route.firstGrant + i), subject)) return i;
  }
  return -1;
}

/** Everything that a grant names is required: token, all scopes, all claims, one of the workloads. */
function satisfies(blob: PolicyBlob, grant: usize, subject: Subject): bool {
  const issuer = load<u32>(grant);
  if (issuer != NONE) {
    const verified = subject.issuer;
    if (verified === null || <u32>verified.index != issuer) return false;
    if (!hasScopes(blob, load<u32>(grant, 4), load<u32>(grant, 8), subject)) return false;
    if (!hasClaims(blob, load<u32>(grant, 12), load<u32>(grant, 16), subject)) return false;
  }
  const workloads = load<u32>(grant, 24);
  return workloads == 0 || isWorkload(blob, load<u32>(grant, 20), workloads, subject.workload);
}

function hasScopes(blob: PolicyBlob, start: u32, count: u32, subject: Subject): bool {
  for (let i: u32 = 0; i < count; i++) {
    if (!hasScope(blob, load<u32>(blob.record(SECTION_LIST, start + i)), subject.scopes)) return false;
  }
  return true;
}

function hasScope(blob: PolicyBlob, scope: u32, granted: Uint8Array[]): bool {
  const length = blob.stringLength(scope);
  const address = blob.stringAddress(scope);
  for (let i = 0; i < granted.length; i++) {
    const candidate = unchecked(granted[i]);
    if (candidate.length == length && memory.compare(candidate.dataStart, address, length) == 0) return true;
  }
  return false;
}

function hasClaims(blob: PolicyBlob, start: u32, count: u32, subject: Subject): bool {
  for (let i: u32 = 0; i < count; i++) {
    const claim = blob.record(SECTION_CLAIMS, start + i);
    if (!hasClaim(blob, claim, subject)) return false;
  }
  return true;
}

function hasClaim(blob: PolicyBlob, claim: usize, subject: Subject): bool {
  const name = blob.string(load<u32>(claim));
  const start = load<u32>(claim, 4);
  for (let i: u32 = 0, count = load<u32>(claim, 8); i < count; i++) {
    const value = blob.record(SECTION_CLAIM_VALUES, start + i);
    if (subject.claimEquals(name, <u8>load<u32>(value), blob.string(load<u32>(value, 4)))) return true;
  }
  return false;
}

function isWorkload(blob: PolicyBlob, start: u32, count: u32, workload: Uint8Array): bool {
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
