import { ALGORITHMS_ALL, ALGORITHMS_PUBLIC } from "./algorithm";
import { isRun, isString } from "./blob-bounds";
import {
  BOUND_BY_CERTIFICATE,
  BOUND_BY_PROOF,
  FLAGS_ALL,
  METHODS_ALL,
  MINUTES_OF_WEEK,
  NONE,
  SECTION_API_KEYS,
  SECTION_CLAIM_VALUES,
  SECTION_CLAIMS,
  SECTION_GRANTS,
  SECTION_ISSUERS,
  SECTION_KEYS,
  SECTION_LIST,
  SECTION_NETWORKS,
  SECTION_ROUTES,
  SECTION_STRINGS,
  SECTION_TIMES,
  VALUE_BELOW,
} from "./blob-layout";
import { PolicyBlob } from "./policy-blob";

const MAXIMUM_ISSUERS = 64;
const MAXIMUM_SKEW_SECONDS: u32 = 300;
const MAXIMUM_DEADLINE_MILLIS: u32 = 30_000;
const MAXIMUM_BODY: u32 = 256 * 1024;
const DIGEST_BYTES: i32 = 32;
const MILLION: u32 = 1_000_000;

/** Whether every record but those of the route tree stays within its bounds. */
export function recordsAreSound(blob: PolicyBlob): bool {
  if (blob.sectionCount(SECTION_ISSUERS) > MAXIMUM_ISSUERS) return false;
  for (let i = 0, count = blob.sectionCount(SECTION_STRINGS); i < count; i++) {
    const record = blob.record(SECTION_STRINGS, i);
    if (<u64>load<u32>(record) + load<u32>(record, 4) > <u64>blob.bytes.length) return false;
  }
  for (let i = 0, count = blob.sectionCount(SECTION_LIST); i < count; i++) {
    if (!isString(blob, load<u32>(blob.record(SECTION_LIST, i)))) return false;
  }
  for (let i = 0, count = blob.sectionCount(SECTION_ISSUERS); i < count; i++) if (!issuerIsSound(blob, i)) return false;
  for (let i = 0, count = blob.sectionCount(SECTION_KEYS); i < count; i++) if (!keyIsSound(blob, i)) return false;
  for (let i = 0, count = blob.sectionCount(SECTION_ROUTES); i < count; i++) if (!routeIsSound(blob, i)) return false;
  for (let i = 0, count = blob.sectionCount(SECTION_GRANTS); i < count; i++) if (!grantIsSound(blob, i)) return false;
  return claimsAreSound(blob) && networksAreSound(blob) && timesAreSound(blob) && apiKeysAreSound(blob);
}

function issuerIsSound(blob: PolicyBlob, index: i32): bool {
  const record = blob.record(SECTION_ISSUERS, index);
  const algorithms = load<u32>(record, 16);
  return (
    isString(blob, load<u32>(record)) &&
    isString(blob, load<u32>(record, 4)) &&
    isRun(blob, SECTION_LIST, load<u32>(record, 8), load<u32>(record, 12)) &&
    algorithms > 0 &&
    algorithms <= ALGORITHMS_ALL &&
    isRun(blob, SECTION_KEYS, load<u32>(record, 20), load<u32>(record, 24)) &&
    isString(blob, load<u32>(record, 28)) &&
    load<u32>(record, 32) <= MAXIMUM_SKEW_SECONDS &&
    load<u32>(record, 36) <= (BOUND_BY_CERTIFICATE | BOUND_BY_PROOF) &&
    isString(blob, load<u32>(record, 40)) &&
    isString(blob, load<u32>(record, 52))
  );
}

function isThreshold(millionths: u32): bool {
  return millionths == NONE || millionths <= MILLION;
}

function keyIsSound(blob: PolicyBlob, index: i32): bool {
  const record = blob.record(SECTION_KEYS, index);
  const algorithms = load<u32>(record, 4);
  const isPublic = algorithms > 0 && (algorithms & ALGORITHMS_PUBLIC) == algorithms;
  return isString(blob, load<u32>(record)) && isPublic && isString(blob, load<u32>(record, 8));
}

function routeIsSound(blob: PolicyBlob, index: i32): bool {
  const record = blob.record(SECTION_ROUTES, index);
  const flags = load<u32>(record, 4);
  const methods = load<u32>(record, 8);
  return (
    isString(blob, load<u32>(record)) &&
    flags <= FLAGS_ALL &&
    ((flags >> 11) & 3) <= (flags & 3) &&
    (flags & 3) <= ((flags >> 13) & 3) &&
    ((flags >> 17) & 3) < 3 &&
    ((flags >> 3) & 3) != 3 &&
    methods > 0 &&
    methods <= METHODS_ALL &&
    load<u32>(record, 12) <= MAXIMUM_DEADLINE_MILLIS &&
    load<u32>(record, 16) <= MAXIMUM_BODY &&
    isRun(blob, SECTION_GRANTS, load<u32>(record, 20), load<u32>(record, 24)) &&
    isRun(blob, SECTION_GRANTS, load<u32>(record, 28), load<u32>(record, 32)) &&
    allNameIdentity(blob, load<u32>(record, 20), load<u32>(record, 24)) &&
    isRun(blob, SECTION_LIST, load<u32>(record, 36), load<u32>(record, 40)) &&
    isRun(blob, SECTION_LIST, load<u32>(record, 44), load<u32>(record, 48)) &&
    isThreshold(load<u32>(record, 56)) &&
    isThreshold(load<u32>(record, 60)) &&
    isThreshold(load<u32>(record, 64))
  );
}

function grantIsSound(blob: PolicyBlob, index: i32): bool {
  const record = blob.record(SECTION_GRANTS, index);
  const issuer = load<u32>(record);
  return (
    (issuer == NONE || issuer < <u32>blob.sectionCount(SECTION_ISSUERS)) &&
    isRun(blob, SECTION_LIST, load<u32>(record, 4), load<u32>(record, 8)) &&
    isRun(blob, SECTION_CLAIMS, load<u32>(record, 12), load<u32>(record, 16)) &&
    isRun(blob, SECTION_LIST, load<u32>(record, 20), load<u32>(record, 24)) &&
    isString(blob, load<u32>(record, 28)) &&
    isRun(blob, SECTION_NETWORKS, load<u32>(record, 36), load<u32>(record, 40)) &&
    isRun(blob, SECTION_CLAIMS, load<u32>(record, 44), load<u32>(record, 48)) &&
    isRun(blob, SECTION_TIMES, load<u32>(record, 52), load<u32>(record, 56)) &&
    isRun(blob, SECTION_LIST, load<u32>(record, 60), load<u32>(record, 64)) &&
    // Scopes and claims without an issuer would be ignored.
    (issuer != NONE || (load<u32>(record, 8) == 0 && load<u32>(record, 16) == 0))
  );
}

/** A grant that asks for nobody in particular would be a public route in disguise. The run is sound, its grants may not be. */
function allNameIdentity(blob: PolicyBlob, start: u32, count: u32): bool {
  for (let i: u32 = 0; i < count; i++) {
    const grant = blob.record(SECTION_GRANTS, start + i);
    if (load<u32>(grant) == NONE && load<u32>(grant, 24) == 0 && load<u32>(grant, 64) == 0) return false;
  }
  return true;
}

function claimsAreSound(blob: PolicyBlob): bool {
  for (let i = 0, count = blob.sectionCount(SECTION_CLAIMS); i < count; i++) {
    const record = blob.record(SECTION_CLAIMS, i);
    if (!isString(blob, load<u32>(record))) return false;
    if (!isRun(blob, SECTION_CLAIM_VALUES, load<u32>(record, 4), load<u32>(record, 8))) return false;
  }
  for (let i = 0, count = blob.sectionCount(SECTION_CLAIM_VALUES); i < count; i++) {
    const record = blob.record(SECTION_CLAIM_VALUES, i);
    if (load<u32>(record) > VALUE_BELOW || !isString(blob, load<u32>(record, 4))) return false;
  }
  return true;
}

function networksAreSound(blob: PolicyBlob): bool {
  for (let i = 0, count = blob.sectionCount(SECTION_NETWORKS); i < count; i++) {
    if (load<u32>(blob.record(SECTION_NETWORKS, i), 16) > 128) return false;
  }
  return true;
}

function timesAreSound(blob: PolicyBlob): bool {
  for (let i = 0, count = blob.sectionCount(SECTION_TIMES); i < count; i++) {
    const record = blob.record(SECTION_TIMES, i);
    if (load<u32>(record) >= load<u32>(record, 4) || load<u32>(record, 4) > MINUTES_OF_WEEK) return false;
  }
  return true;
}

function apiKeysAreSound(blob: PolicyBlob): bool {
  for (let i = 0, count = blob.sectionCount(SECTION_API_KEYS); i < count; i++) {
    const record = blob.record(SECTION_API_KEYS, i);
    if (!isString(blob, load<u32>(record)) || !isString(blob, load<u32>(record, 4))) return false;
    if (blob.stringLength(load<u32>(record, 4)) != DIGEST_BYTES) return false;
  }
  return true;
}
