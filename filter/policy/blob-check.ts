import { sha256 } from "../crypto/sha256";
import { isRun, isString } from "./blob-bounds";
import {
  ASSERTION_CLAIMS_OFFSET,
  ASSERTION_LIFETIME_OFFSET,
  ASSERTION_TEXTS_OFFSET,
  DIGEST_OFFSET,
  DIGESTED_OFFSET,
  DIRECTORY_OFFSET,
  FORWARDED_FROM_OFFSET,
  HEADER_NAMES_OFFSET,
  HEADER_SIZE,
  KEY_FORWARD_OFFSET,
  KEY_HEADER_OFFSET,
  KEY_NAME_HEADER_OFFSET,
  LENGTH_OFFSET,
  LIMIT_WINDOW_OFFSET,
  LOG_OFFSET,
  LOG_REQUIRED,
  MAGIC,
  MAXIMUM_ASSERTION_LIFETIME,
  MAXIMUM_HOPS,
  MAXIMUM_LIMIT_WINDOW,
  MAXIMUM_PROOF_AGE,
  MODE_OFFSET,
  ORIGINS_OFFSET,
  PROOF_AGE_OFFSET,
  PROOF_NONCE_OFFSET,
  RECORD_SIZES,
  SECTION_COUNT,
  SECTION_LIST,
  TOLD_CLAIMS_OFFSET,
  TRUST_DOMAINS_OFFSET,
  TRUSTED_HOPS_OFFSET,
  VERSION,
} from "./blob-layout";
import { PolicyBlob } from "./policy-blob";
import { recordsAreSound } from "./record-check";
import { treeIsSound } from "./tree-check";

/** Why these bytes are no intact compiled policy of this version; empty if they are. Reads no byte outside them. */
export function blobRefusal(bytes: Uint8Array): string {
  const base = bytes.dataStart;
  if (bytes.length < HEADER_SIZE || load<u32>(base) != MAGIC) return "not a compiled policy";
  const version = load<u32>(base, 4);
  if (version != VERSION) return `policy format version ${version}, this filter reads version ${VERSION}`;
  if (load<u32>(base + LENGTH_OFFSET) != <u32>bytes.length) return "policy is cut off or has bytes added";
  const digest = sha256(bytes.subarray(DIGESTED_OFFSET));
  if (memory.compare(digest.dataStart, base + DIGEST_OFFSET, 32) != 0) return "policy digest does not match";
  if (!directoryIsSound(bytes)) return "policy section out of range";
  const blob = new PolicyBlob(bytes);
  if (!headIsSound(blob)) return "policy head out of range";
  if (!recordsAreSound(blob)) return "policy record out of range";
  if (!treeIsSound(blob)) return "policy route tree is not a tree";
  return "";
}

function directoryIsSound(bytes: Uint8Array): bool {
  for (let section = 0; section < SECTION_COUNT; section++) {
    const entry = bytes.dataStart + DIRECTORY_OFFSET + section * 8;
    const offset = <u64>load<u32>(entry);
    const size = <u64>load<u32>(entry, 4) * unchecked(RECORD_SIZES[section]);
    if (offset < <u64>HEADER_SIZE || offset + size > <u64>bytes.length) return false;
  }
  return true;
}

function headIsSound(blob: PolicyBlob): bool {
  if (blob.word(MODE_OFFSET) > 3 || blob.word(LOG_OFFSET) > LOG_REQUIRED || blob.word(PROOF_NONCE_OFFSET) > 1)
    return false;
  const age = blob.word(PROOF_AGE_OFFSET);
  if (age == 0 || age > MAXIMUM_PROOF_AGE) return false;
  if (blob.word(KEY_FORWARD_OFFSET) > 1 || blob.word(TRUSTED_HOPS_OFFSET) > MAXIMUM_HOPS) return false;
  if (blob.word(LIMIT_WINDOW_OFFSET) > MAXIMUM_LIMIT_WINDOW) return false;
  if (!isString(blob, blob.word(KEY_HEADER_OFFSET)) || !isString(blob, blob.word(KEY_NAME_HEADER_OFFSET))) return false;
  if (blob.word(ASSERTION_LIFETIME_OFFSET) > MAXIMUM_ASSERTION_LIFETIME) return false;
  for (let i = 0; i < 3; i++) if (!isString(blob, blob.word(ASSERTION_TEXTS_OFFSET + i * 4))) return false;
  // A claim stands with its header.
  if ((blob.word(TOLD_CLAIMS_OFFSET + 4) & 1) != 0) return false;
  for (let i = 0; i < 4; i++) if (!isString(blob, blob.word(HEADER_NAMES_OFFSET + i * 4))) return false;
  return (
    isRun(blob, SECTION_LIST, blob.word(TRUST_DOMAINS_OFFSET), blob.word(TRUST_DOMAINS_OFFSET + 4)) &&
    isRun(blob, SECTION_LIST, blob.word(FORWARDED_FROM_OFFSET), blob.word(FORWARDED_FROM_OFFSET + 4)) &&
    isRun(blob, SECTION_LIST, blob.word(ORIGINS_OFFSET), blob.word(ORIGINS_OFFSET + 4)) &&
    isRun(blob, SECTION_LIST, blob.word(TOLD_CLAIMS_OFFSET), blob.word(TOLD_CLAIMS_OFFSET + 4)) &&
    isRun(blob, SECTION_LIST, blob.word(ASSERTION_CLAIMS_OFFSET), blob.word(ASSERTION_CLAIMS_OFFSET + 4))
  );
}
