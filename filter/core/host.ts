/** What Node gives the core; addresses are of bytes in the module's memory. */

/** For durations, microseconds from any origin. */
export declare function monotonicMicros(): f64;

/** Cryptographically strong random bytes. */
export declare function fillRandom(at: usize, length: i32): void;

/**
 * Signs an assertion's claims, a JSON object that is good until `expiresSeconds`: writes the compact JWS at `into`, which has
 * `room` bytes, and gives its length. 0: it can't be signed, or there is no room for it.
 */
export declare function signAssertion(
  claims: usize,
  claimsLength: i32,
  expiresSeconds: f64,
  into: usize,
  room: i32,
): i32;

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
