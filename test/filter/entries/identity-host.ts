/** What the test gives the filter instead of a host; addresses are of bytes in the module's memory. */
export declare function nowMillis(): i64;
export declare function monotonicMicros(): i64;
export declare function verify(
  algorithm: u32,
  spki: usize,
  spkiLength: i32,
  signature: usize,
  signatureLength: i32,
  text: usize,
  textLength: i32,
): bool;
/** Writes the secret of the environment variable to `out` (at most 1 KiB) and gives its length; -1: there is none. */
export declare function secret(name: usize, nameLength: i32, out: usize): i32;
