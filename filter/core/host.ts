/** What Node gives the core; addresses are of bytes in the module's memory. */

/** For durations, microseconds from any origin. */
export declare function monotonicMicros(): f64;

/** Cryptographically strong random bytes. */
export declare function fillRandom(at: usize, length: i32): void;

/** As `verifySignature` of `filter/environment.ts`, for every algorithm. */
export declare function verifySignature(
  algorithm: u32,
  spki: usize,
  spkiLength: i32,
  signature: usize,
  signatureLength: i32,
  text: usize,
  textLength: i32,
): bool;
