import { VerificationBudget } from "./identity/verification-budget";

/** A value that all workers share; `version` is what a later write must name. */
export class SharedValue {
  constructor(
    public readonly value: Uint8Array,
    public readonly version: u32,
  ) {}
}

/** Names no version that a value ever has: a write under it succeeds only where there is no value yet. */
export const NO_VERSION: u32 = 0xffffffff;
/** Writes over whatever there is. */
export const ANY_VERSION: u32 = 0;

export const enum SignatureFinding {
  Refused,
  Verified,
  /** The algorithm is not one that can be verified here. */
  NotHere,
}

/** What the pure stages may ask of the world. In Envoy the host answers, in Node the caller. */
export abstract class Environment {
  constructor(
    /** Pays for signatures that do not verify. */
    public readonly verifications: VerificationBudget,
    /**
     * The same for proofs of possession (DPoP): every request brings a new one, and a flood of forged tokens must not
     * refuse them. Only who has a valid token can spend it.
     */
    public readonly proofs: VerificationBudget,
  ) {}

  /** Wall clock, Unix milliseconds. */
  abstract nowMillis(): i64;
  /** Clock for durations, microseconds from any origin. */
  abstract monotonicMicros(): i64;
  /** `algorithm`: one `ALGORITHM_…` bit; `spki`: a DER SubjectPublicKeyInfo; an ECDSA signature is in DER. */
  abstract verifySignature(algorithm: u32, spki: Uint8Array, signature: Uint8Array, text: Uint8Array): SignatureFinding;
  /** `address:port` of the connection's other end (IPv6 in brackets); empty: it is not an IP connection. */
  abstract sourceAddress(): Uint8Array;
  /** SHA-256 of the verified client certificate's DER, 32 bytes; empty: there is none. */
  abstract peerCertificateDigest(): Uint8Array;
  /** null: nobody has written it. */
  abstract shared(key: Uint8Array): SharedValue | null;
  /** false: another worker was faster, the value is of another version by now. */
  abstract share(key: Uint8Array, value: Uint8Array, version: u32): bool;
  /** Cryptographically strong random bytes; false: there are none. */
  abstract fillRandom(bytes: Uint8Array): bool;
  /** A shared secret by the name of its environment variable; null: there is none. */
  abstract secret(name: Uint8Array): Uint8Array | null;
}
