import { bytes } from "proxy-wasm-as/bytes";
import { hmacSha256 } from "../crypto/hmac-sha256";
import { Environment, NO_VERSION } from "../environment";
import { ProofSecret } from "./proof-secret";

/** 1024 buckets of at most 256 proofs, 16 bytes each: 4 MiB for all workers together, 262,144 proofs. */
export const PROOF_BUCKETS: u32 = 1024;
const MAX_PROOFS: i32 = 256;
/** u32 Unix second from which on the proof is too old anyway, and 12 bytes of its keyed hash. */
const PROOF_BYTES: i32 = 16;
const HASH_BYTES: i32 = 12;
const ATTEMPTS: i32 = 8;
/** Sets these hashes apart from other uses of the secret. */
const LABEL: u8 = 2;

export const enum Replay {
  /** Seen for the first time, and remembered. */
  Fresh,
  Seen,
  /** There is no room to remember it, so that it can't be accepted. */
  NoRoom,
}

/**
 * Remembers proofs by key and `jti` until they are too old (RFC 9449 section 11.1), for all workers. What is remembered is
 * forgotten by age only. The buckets are chosen by a secret, so that nobody can fill one on purpose.
 */
export function rememberProof(
  environment: Environment,
  secret: ProofSecret,
  thumbprint: Uint8Array,
  id: Uint8Array,
  nowSeconds: i64,
  endSeconds: i64,
): Replay {
  const hash = proofHash(secret, thumbprint, id);
  const key = bucketKey(load<u16>(hash.dataStart) & (PROOF_BUCKETS - 1));
  const fingerprint = hash.dataStart + 2;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = environment.shared(key);
    const old = found === null ? hash.subarray(0, 0) : found.value;
    const next = new Uint8Array(old.length + PROOF_BYTES);
    let length = 0;
    for (let at = 0; at + PROOF_BYTES <= old.length; at += PROOF_BYTES) {
      const proof = old.dataStart + at;
      if (<i64>load<u32>(proof) <= nowSeconds) continue;
      if (memory.compare(proof + 4, fingerprint, HASH_BYTES) == 0) return Replay.Seen;
      memory.copy(next.dataStart + length, proof, PROOF_BYTES);
      length += PROOF_BYTES;
    }
    if (length >= MAX_PROOFS * PROOF_BYTES) return Replay.NoRoom;
    store<u32>(next.dataStart + length, <u32>endSeconds);
    memory.copy(next.dataStart + length + 4, fingerprint, HASH_BYTES);
    const version = found === null ? NO_VERSION : found.version;
    if (environment.share(key, next.subarray(0, length + PROOF_BYTES), version)) return Replay.Fresh;
  }
  return Replay.NoRoom;
}

/** Bytes that a bucket holds. */
export function proofBytes(environment: Environment, bucket: u32): i32 {
  const found = environment.shared(bucketKey(bucket));
  return found === null ? 0 : found.value.length;
}

function proofHash(secret: ProofSecret, thumbprint: Uint8Array, id: Uint8Array): Uint8Array {
  const text = new Uint8Array(1 + thumbprint.length + id.length);
  text[0] = LABEL;
  text.set(thumbprint, 1);
  text.set(id, 1 + thumbprint.length);
  return hmacSha256(secret.secret, text);
}

function bucketKey(bucket: u32): Uint8Array {
  return bytes(`postern.dpop.${bucket}`);
}
