import { VerificationBudget } from "./identity/verification-budget";

/** What the pure stages may ask of the world. In Envoy the host answers, in Node the caller. */
export abstract class Environment {
  constructor(
    /** Pays for signatures that do not verify. */
    public readonly verifications: VerificationBudget,
  ) {}

  /** Wall clock, Unix milliseconds. */
  abstract nowMillis(): i64;
  /** Clock for durations, microseconds from any origin. */
  abstract monotonicMicros(): i64;
  /** RSA PKCS #1 v1.5 or ECDSA (DER signature) with SHA-`hash` over `text`; `spki` is a DER SubjectPublicKeyInfo. */
  abstract verifySignature(hash: i32, spki: Uint8Array, signature: Uint8Array, text: Uint8Array): bool;
  /** A shared secret by the name of its environment variable; null: there is none. */
  abstract secret(name: Uint8Array): Uint8Array | null;
}
